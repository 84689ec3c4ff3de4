/// Prometheus' text format 0.0.4, read strictly.
public struct Exposition {
    public struct Malformed: Error, CustomStringConvertible {
        public var line: String
        public var reason: String
        public var description: String { "\(reason): \(line)" }
    }

    /// By the sample's whole beginning: `name{label="value"}`.
    public private(set) var samples: [String: Double] = [:]
    /// By name.
    public private(set) var kinds: [String: String] = [:]
    private var current = ""
    private var isHelped = false

    /// - Throws: `Malformed` for every line that is not exactly as the format wants it.
    public init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Malformed(line: String(text.suffix(40)), reason: "the last line has no end") }
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) { try take(String(line)) }
        try checkHistograms()
    }

    private mutating func take(_ line: String) throws {
        let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        if line.hasPrefix("# HELP ") {
            guard words.count == 4, Self.isName(words[2]), kinds[words[2]] == nil, Self.isEscaped(words[3], quotes: false) else { throw Malformed(line: line, reason: "no HELP of a new family") }
            current = words[2]
            isHelped = true
        } else if line.hasPrefix("# TYPE ") {
            guard words.count == 4, words[2] == current, isHelped, ["counter", "gauge", "histogram"].contains(words[3]) else { throw Malformed(line: line, reason: "no TYPE behind its HELP") }
            kinds[current] = words[3]
            isHelped = false
        } else {
            try sample(line)
        }
    }

    private mutating func sample(_ line: String) throws {
        guard let space = line.lastIndex(of: " ") else { throw Malformed(line: line, reason: "no value") }
        let key = String(line[..<space]), number = line[line.index(after: space)...]
        let name = String(key.prefix { $0 != "{" })
        let endings = kinds[current] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        guard Self.isName(name), endings.contains(where: { name == current + $0 }) else { throw Malformed(line: line, reason: "no sample of \(current)") }
        guard let value = number == "+Inf" ? .infinity : Double(number) else { throw Malformed(line: line, reason: "no number") }
        guard samples.updateValue(value, forKey: key) == nil else { throw Malformed(line: line, reason: "twice") }
        if kinds[current] == "counter" && value < 0 { throw Malformed(line: line, reason: "a counter below zero") }
        if key != name { try labels(String(key.dropFirst(name.count)), line) }
    }

    /// `{a="…",b="…"}`.
    private func labels(_ text: String, _ line: String) throws {
        guard text.hasPrefix("{"), text.hasSuffix("}") else { throw Malformed(line: line, reason: "no labels") }
        var rest = text.dropFirst().dropLast(), seen: Set<Substring> = []
        while !rest.isEmpty {
            let name = rest.prefix { $0 != "=" }
            guard Self.isName(String(name)), seen.insert(name).inserted, rest.dropFirst(name.count).hasPrefix("=\"") else { throw Malformed(line: line, reason: "no label") }
            rest = rest.dropFirst(name.count + 2)
            var isEscape = false, value = ""
            while let character = rest.first, isEscape || character != "\"" {
                isEscape = !isEscape && character == "\\"
                value.append(character)
                rest = rest.dropFirst()
            }
            guard rest.first == "\"", Self.isEscaped(value, quotes: true) else { throw Malformed(line: line, reason: "no end of a label's value") }
            rest = rest.dropFirst()
            if rest.isEmpty { return }
            guard rest.first == ",", rest.count > 1 else { throw Malformed(line: line, reason: "no comma") }
            rest = rest.dropFirst()
        }
    }

    private func checkHistograms() throws {
        for (name, kind) in kinds where kind == "histogram" {
            let counts = samples.filter { $0.key.hasPrefix("\(name)_count") }
            guard !counts.isEmpty else { throw Malformed(line: name, reason: "a histogram without a count") }
            for (key, count) in counts {
                let labels = key.dropFirst("\(name)_count".count).dropLast()
                let whole = "\(name)_bucket\(labels.isEmpty ? "{" : "\(labels),")le=\"+Inf\"}"
                guard samples[whole] == count else { throw Malformed(line: key, reason: "the class without a bound is not the count") }
            }
        }
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.first, first.isLetter || first == "_" else { return false }
        return text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x5f }
    }

    private static func isEscaped(_ text: String, quotes: Bool) -> Bool {
        var isEscape = false
        for character in text {
            if isEscape {
                guard character == "\\" || character == "n" || (quotes && character == "\"") else { return false }
                isEscape = false
            } else {
                isEscape = character == "\\"
            }
        }
        return !isEscape
    }
}
