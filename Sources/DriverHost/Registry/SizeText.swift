/// A size as people write it.
enum SizeText {
    private static let powers: [Character: Int] = ["k": 1, "m": 2, "g": 3, "t": 4, "p": 5]

    /// "4096", "10m", "1.5GB", "20 MiB"; nil: it is none.
    static func bytes(_ text: String) -> Int64? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        var unit = text.dropFirst(number.count).drop { $0 == " " }.lowercased()[...]
        guard let size = Double(number), size >= 0 else { return nil }
        if ["", "b"].contains(unit) { return Int64(exactly: size.rounded(.down)) }
        guard let power = unit.popFirst().flatMap({ powers[$0] }), ["", "b", "ib"].contains(unit) else { return nil }
        var result = size
        for _ in 0..<power { result *= 1024 }
        return Int64(exactly: result.rounded(.down))
    }
}
