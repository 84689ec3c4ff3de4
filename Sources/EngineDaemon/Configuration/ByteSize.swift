/// Sizes as people write them: "64m", "1.5GiB", "1024".
enum ByteSize {
    private static let units: [String: Int64] = ["": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50]

    /// In bytes; nil when it is no size or does not fit.
    static func parse(_ text: String) -> Int64? {
        let number = text.prefix { $0.isNumber || $0 == "." }
        var unit = text.dropFirst(number.count).drop { $0 == " " }.lowercased()
        for ending in ["ib", "b"] where unit.hasSuffix(ending) {
            unit.removeLast(ending.count)
            break
        }
        guard let factor = units[unit] else { return nil }
        if let whole = Int64(number) {
            let (size, overflow) = whole.multipliedReportingOverflow(by: factor)
            return overflow ? nil : size
        }
        guard let value = Double(number), value >= 0 else { return nil }
        return Int64(exactly: (value * Double(factor)).rounded())
    }
}
