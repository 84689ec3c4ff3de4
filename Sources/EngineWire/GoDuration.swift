/// Go's durations: "1h30m", "1.5s", "300ms".
public enum GoDuration {
    private static let units: [Substring: Double] = ["h": 3600e9, "m": 60e9, "s": 1e9, "ms": 1e6, "us": 1e3, "µs": 1e3, "ns": 1]

    /// ns; nil when it is none, or more than fits.
    public static func parse(_ text: String) -> Int64? {
        var rest = text[...], total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
            let unit = rest.dropFirst(digits.count).prefix { $0.isLetter }
            guard let number = Double(digits), let factor = units[unit] else { return nil }
            total += number * factor
            rest = rest.dropFirst(digits.count + unit.count)
        }
        return text.isEmpty || total >= 9e18 ? nil : Int64(total)
    }
}
