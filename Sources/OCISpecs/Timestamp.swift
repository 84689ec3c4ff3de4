import Glibc

/// Times of RFC 3339, as ns since 1970.
public enum Timestamp {
    /// "2024-05-01T10:20:30.123456789Z"; no fraction when it is zero.
    public static func text(_ nanoseconds: Int64) -> String {
        var seconds = time_t(nanoseconds / 1_000_000_000)
        var rest = Int(nanoseconds % 1_000_000_000)
        if rest < 0 {
            rest += 1_000_000_000
            seconds -= 1
        }
        var fields = tm()
        gmtime_r(&seconds, &fields)
        let date = "\(pad(Int(fields.tm_year) + 1900, 4))-\(pad(Int(fields.tm_mon) + 1, 2))-\(pad(Int(fields.tm_mday), 2))"
        let clock = "\(pad(Int(fields.tm_hour), 2)):\(pad(Int(fields.tm_min), 2)):\(pad(Int(fields.tm_sec), 2))"
        var fraction = pad(rest, 9)
        while fraction.last == "0" { fraction.removeLast() }
        return "\(date)T\(clock)\(fraction.isEmpty ? "" : ".\(fraction)")Z"
    }

    /// nil: no time.
    public static func parse(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[4] == 0x2d, bytes[7] == 0x2d, bytes[10] | 0x20 == 0x74, bytes[13] == 0x3a, bytes[16] == 0x3a,
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]), let second = number(bytes[17..<19])
        else { return nil }
        var place = 19
        var fraction = 0
        if bytes[place] == 0x2e {
            let digits = bytes[(place + 1)...].prefix { (0x30...0x39).contains($0) }
            place += 1 + digits.count
            for digit in 0..<9 { fraction = fraction * 10 + (digit < digits.count ? Int(digits[digits.startIndex + digit] - 0x30) : 0) }
        }
        guard let zone = offset(bytes[place...]) else { return nil }
        var fields = tm()
        fields.tm_year = Int32(year - 1900)
        fields.tm_mon = Int32(month - 1)
        fields.tm_mday = Int32(day)
        fields.tm_hour = Int32(hour)
        fields.tm_min = Int32(minute)
        fields.tm_sec = Int32(second)
        let seconds = Int64(timegm(&fields)) - Int64(zone)
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        // Docker writes the year 1 for "unknown".
        return overflow ? 0 : product + Int64(fraction)
    }

    private static func offset(_ bytes: ArraySlice<UInt8>) -> Int? {
        let zone = Array(bytes)
        if zone == [0x5a] || zone == [0x7a] { return 0 }
        guard zone.count == 6, zone[0] == 0x2b || zone[0] == 0x2d, let hours = number(zone[1..<3]), let minutes = number(zone[4..<6]) else { return nil }
        return (zone[0] == 0x2b ? 1 : -1) * (hours * 3600 + minutes * 60)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? { Int(String(decoding: digits, as: UTF8.self)) }

    private static func pad(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
