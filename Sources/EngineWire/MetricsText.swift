/// Metrics in Prometheus' text format, version 0.0.4.
public struct MetricsText: Sendable {
    public enum Kind: String, Sendable { case counter, gauge, histogram }
    public typealias Label = (name: String, value: String)

    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    public private(set) var text = ""

    public init() {}

    /// A family: its samples follow at once.
    public mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
    }

    public mutating func sample(_ name: String, _ labels: [Label] = [], _ value: Double) {
        let list = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }.joined(separator: ",")
        text += name + (list.isEmpty ? "" : "{\(list)}") + " \(Self.number(value))\n"
    }

    /// A family of one sample.
    public mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        begin(name, kind, help)
        sample(name, [], value)
    }

    /// - Parameters:
    ///   - counts: of each class alone; the last one has no upper bound.
    public mutating func histogram(_ name: String, _ labels: [Label], bounds: [Double], counts: [Int], sum: Double) {
        var seen = 0
        for (index, count) in counts.enumerated() {
            seen += count
            let bound = index < bounds.count ? Self.number(bounds[index]) : "+Inf"
            sample("\(name)_bucket", labels + [("le", bound)], Double(seen))
        }
        sample("\(name)_sum", labels, sum)
        sample("\(name)_count", labels, Double(seen))
    }

    private static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return "\(whole)" }
        return value.isNaN ? "NaN" : value.isInfinite ? (value > 0 ? "+Inf" : "-Inf") : "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
