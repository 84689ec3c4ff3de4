import EngineWire

/// Sizes as flags take them.
enum Sizes {
    /// "512m" in bytes; "-1" is -1, which means no limit. nil: no size.
    static func bytes(_ text: String) -> Int64? { text == "-1" ? -1 : Human.parseSize(text) }
}

/// Numbers with a fraction, kept exact.
enum Decimals {
    /// "1.5" as 1 500 000 000; nil when it is no number or has more than nine decimals.
    static func nano(_ text: String) -> Int64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count > 1 ? parts[1] : ""
        guard !parts[0].isEmpty || !fraction.isEmpty, fraction.count <= 9 else { return nil }
        guard (parts[0] + fraction).allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        return Int64(parts[0] + fraction + String(repeating: "0", count: 9 - fraction.count))
    }
}
