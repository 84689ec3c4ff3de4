/// Sizes and times in Docker's words.
public enum Human {
    private static let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]

    /// "1.24MB": decimal units, four significant digits at most three of them shown.
    public static func size(_ bytes: Int64) -> String {
        if bytes < 0 { return "-" + size(bytes == .min ? .max : -bytes) }
        var value = Double(bytes), unit = 0
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return significant(value, 3) + units[unit]
    }

    /// "62.5MiB", binary units.
    public static func binarySize(_ bytes: Int64) -> String {
        if bytes < 0 { return "-" + binarySize(bytes == .min ? .max : -bytes) }
        let names = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var value = Double(bytes), unit = 0
        while value >= 1024, unit < names.count - 1 {
            value /= 1024
            unit += 1
        }
        return significant(value, 4) + names[unit]
    }

    /// Go's "%.3g" for values below a thousand.
    private static func significant(_ value: Double, _ digits: Int) -> String {
        let whole = value >= 1000 ? 4 : value >= 100 ? 3 : value >= 10 ? 2 : 1
        let decimals = max(0, digits - whole)
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let rounded = Int64((value * scale).rounded())
        guard decimals > 0 else { return String(rounded) }
        var fraction = String(rounded % Int64(scale))
        fraction = String(repeating: "0", count: decimals - fraction.count) + fraction
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return fraction.isEmpty ? String(rounded / Int64(scale)) : "\(rounded / Int64(scale)).\(fraction)"
    }

    /// "Less than a second", "2 minutes", "About an hour", …
    public static func duration(seconds: Int64) -> String {
        switch seconds {
        case ..<1: return "Less than a second"
        case 1: return "1 second"
        case ..<60: return "\(seconds) seconds"
        case ..<120: return "About a minute"
        case ..<3600: return "\(seconds / 60) minutes"
        default: break
        }
        let hours = (seconds + 1800) / 3600
        switch hours {
        case 1: return "About an hour"
        case ..<48: return "\(hours) hours"
        case ..<(24 * 7 * 2): return "\(hours / 24) days"
        case ..<(24 * 30 * 2): return "\(hours / 24 / 7) weeks"
        case ..<(24 * 365 * 2): return "\(hours / 24 / 30) months"
        default: return "\(hours / 24 / 365) years"
        }
    }

    /// "340ms", "2.5s", "3m12s".
    public static func age(nanoseconds: Int64) -> String {
        let milliseconds = nanoseconds / 1_000_000
        if milliseconds < 1000 { return "\(milliseconds)ms" }
        if milliseconds < 60_000 { return "\(milliseconds / 1000).\(milliseconds / 100 % 10)s" }
        if milliseconds < 3_600_000 { return "\(milliseconds / 60_000)m\(milliseconds / 1000 % 60)s" }
        return "\(milliseconds / 3_600_000)h\(milliseconds / 60_000 % 60)m"
    }

    /// Bytes of "512m", "1.5GiB", "10"; nil when it is no size. Units are powers of 1024, as for memory.
    public static func parseSize(_ text: String) -> Int64? {
        let lowered = text.lowercased()
        let digits = lowered.prefix { $0.isNumber || $0 == "." }
        var unit = lowered.dropFirst(digits.count).drop { $0 == " " }
        guard let value = Double(digits), value >= 0 else { return nil }
        if unit.hasSuffix("ib") { unit = unit.dropLast(2) } else if unit.hasSuffix("b") { unit = unit.dropLast() }
        guard let power = ["": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5][String(unit)] else { return nil }
        var result = value
        for _ in 0..<power { result *= 1024 }
        return result < 9e18 ? Int64(result) : nil
    }
}
