import LogKit

/// RFC 3339 with nanoseconds, as Go writes it: no trailing zeros.
struct TimestampWriter {
    static let longest = 30
    private var second = Int64.min
    private var text: [UInt8] = Array("0000-00-00T00:00:00".utf8)

    /// - Parameter time: ns since 1970.
    mutating func append(_ time: Int64, to buffer: ByteBuffer) {
        let (seconds, fraction) = time.floorDivided(by: 1_000_000_000)
        if seconds != second { format(seconds) }
        text.withUnsafeBufferPointer { buffer.append($0.baseAddress!, $0.count) }
        if fraction > 0 {
            buffer.append(UInt8(ascii: "."))
            var rest = fraction, unit: Int64 = 100_000_000
            while rest > 0 {
                buffer.append(UInt8(ascii: "0") + UInt8(rest / unit))
                rest %= unit
                unit /= 10
            }
        }
        buffer.append(UInt8(ascii: "Z"))
    }

    /// Most lines share their second with the one before.
    private mutating func format(_ seconds: Int64) {
        second = seconds
        let (days, time) = seconds.floorDivided(by: 86400)
        let date = CivilDate(days: days)
        put(Int(date.year), at: 0, digits: 4)
        put(Int(date.month), at: 5, digits: 2)
        put(Int(date.day), at: 8, digits: 2)
        put(Int(time / 3600), at: 11, digits: 2)
        put(Int(time / 60 % 60), at: 14, digits: 2)
        put(Int(time % 60), at: 17, digits: 2)
    }

    private mutating func put(_ value: Int, at place: Int, digits: Int) {
        var rest = value
        for index in stride(from: place + digits - 1, through: place, by: -1) {
            text[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }
}

/// ns since 1970 of "2024-01-02T03:04:05.123Z" or one with an offset ("+02:00"); nil for anything else.
func parseTimestamp(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
    guard text.count >= 20, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"), text[13] == UInt8(ascii: ":"),
        text[16] == UInt8(ascii: ":"), let year = number(text, 0, 4), let month = number(text, 5, 2), let day = number(text, 8, 2),
        let hour = number(text, 11, 2), let minute = number(text, 14, 2), let second = number(text, 17, 2)
    else { return nil }
    var index = 19
    var fraction: Int64 = 0, unit: Int64 = 100_000_000
    if text[index] == UInt8(ascii: ".") {
        index += 1
        while index < text.count, case let digit = Int64(text[index]) - 48, (0...9).contains(digit) {
            fraction += digit * unit
            unit /= 10
            index += 1
        }
    }
    guard let offset = zoneOffset(text, index) else { return nil }
    let days = CivilDate(year: year, month: month, day: day).days
    guard (-100_000...100_000).contains(days) else { return nil }
    return (days * 86400 + hour * 3600 + minute * 60 + second - offset) * 1_000_000_000 + fraction
}

private func number(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ count: Int) -> Int64? {
    var value: Int64 = 0
    for index in start..<start + count {
        let digit = Int64(text[index]) - 48
        guard (0...9).contains(digit) else { return nil }
        value = value * 10 + digit
    }
    return value
}

/// Seconds east of Greenwich.
private func zoneOffset(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int64? {
    guard index < text.count else { return nil }
    if text[index] == UInt8(ascii: "Z") { return index + 1 == text.count ? 0 : nil }
    guard text.count == index + 6, let hours = number(text, index + 1, 2), let minutes = number(text, index + 4, 2) else { return nil }
    switch text[index] {
    case UInt8(ascii: "+"): return hours * 3600 + minutes * 60
    case UInt8(ascii: "-"): return -(hours * 3600 + minutes * 60)
    default: return nil
    }
}

/// The Gregorian calendar from days since 1970 and back (Howard Hinnant, "chrono-compatible low-level date algorithms").
private struct CivilDate {
    var year, month, day: Int64

    init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    init(days: Int64) {
        let (era, dayOfEra) = (days + 719_468).floorDivided(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var days: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = shiftedYear.floorDivided(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Int64 {
    /// Quotient towards minus infinity, and a remainder that is never negative.
    fileprivate func floorDivided(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }
}
