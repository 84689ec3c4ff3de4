/// RFC 3339 times with nanoseconds, as Go prints them.
public enum Timestamp {
    /// What Docker prints for "never".
    public static let zero = "0001-01-01T00:00:00Z"

    /// - Parameter nanoseconds: since 1970; 0 is `zero`.
    public static func format(_ nanoseconds: Int64) -> String {
        guard nanoseconds != 0 else { return zero }
        let (seconds, fraction) = divide(nanoseconds, 1_000_000_000)
        return "\(date(seconds))\(self.fraction(fraction))Z"
    }

    /// With all nine digits, as logs have it.
    public static func formatFixed(_ nanoseconds: Int64) -> String {
        let (seconds, fraction) = divide(nanoseconds, 1_000_000_000)
        return "\(date(seconds)).\(padded(fraction, 9))Z"
    }

    /// ns since 1970; nil when it is no such time, or one that ns in 64 bits do not reach (1678 to 2262). "Z" or an offset.
    public static func parse(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 10, let year = number(bytes, 0, 4), let month = number(bytes, 5, 2), let day = number(bytes, 8, 2),
            bytes[4] == 0x2d, bytes[7] == 0x2d, (1...12).contains(month), (1...31).contains(day), (1678...2261).contains(year)
        else { return nil }
        var seconds = days(year, month, day) * 86400
        guard bytes.count > 10 else { return seconds * 1_000_000_000 }
        guard bytes.count >= 16, let hour = number(bytes, 11, 2), let minute = number(bytes, 14, 2) else { return nil }
        seconds += hour * 3600 + minute * 60
        var place = 16
        var fraction: Int64 = 0
        if place + 2 < bytes.count, bytes[place] == 0x3a, let second = number(bytes, place + 1, 2) {
            seconds += second
            place += 3
        }
        if place < bytes.count, bytes[place] == 0x2e {
            place += 1
            var scale: Int64 = 100_000_000
            while place < bytes.count, (0x30...0x39).contains(bytes[place]) {
                fraction += Int64(bytes[place] - 0x30) * scale
                scale /= 10
                place += 1
            }
        }
        guard let offset = offset(Array(bytes[place...])) else { return nil }
        return (seconds - offset) * 1_000_000_000 + fraction
    }

    private static func offset(_ bytes: [UInt8]) -> Int64? {
        if bytes.isEmpty || bytes == [0x5a] || bytes == [0x7a] { return 0 }
        guard bytes.count == 6, bytes[0] == 0x2b || bytes[0] == 0x2d, let hours = number(bytes, 1, 2), let minutes = number(bytes, 4, 2) else { return nil }
        return (hours * 3600 + minutes * 60) * (bytes[0] == 0x2b ? 1 : -1)
    }

    private static func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int64? {
        guard start + count <= bytes.count else { return nil }
        return UInt32(String(decoding: bytes[start..<start + count], as: UTF8.self)).map(Int64.init)
    }

    private static func divide(_ value: Int64, _ by: Int64) -> (Int64, Int64) {
        let rest = ((value % by) + by) % by
        return ((value - rest) / by, rest)
    }

    private static func fraction(_ value: Int64) -> String {
        guard value != 0 else { return "" }
        var digits = padded(value, 9)
        while digits.hasSuffix("0") { digits.removeLast() }
        return ".\(digits)"
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    /// "2026-11-24T03:04:05".
    private static func date(_ seconds: Int64) -> String {
        let (day, rest) = divide(seconds, 86400)
        let (year, month, date) = civil(day)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(date, 2))T\(padded(rest / 3600, 2)):\(padded(rest / 60 % 60, 2)):\(padded(rest % 60, 2))"
    }

    /// Days since 1970 of a date in the Gregorian calendar.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = divide(shifted, 400)
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(_ days: Int64) -> (Int64, Int64, Int64) {
        let (era, dayOfEra) = divide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}
