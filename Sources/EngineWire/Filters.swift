/// The `filters` of a list request: {"label":["a=b"]} or the older {"label":{"a=b":true}}.
public struct Filters: Sendable, Equatable {
    public enum Failure: Error, Sendable, Equatable, CustomStringConvertible {
        case malformed(String), unknown(String), badValue(String, String)
        public var description: String {
            switch self {
            case .malformed(let reason): "invalid filter: \(reason)"
            case .unknown(let name): "invalid filter '\(name)'"
            case .badValue(let name, let value): "invalid filter '\(name)=[\(value)]'"
            }
        }
    }

    private var values: [String: [String]] = [:]

    public init() {}

    /// - Parameter known: the names that this request has.
    public init(_ text: String?, known: Set<String>) throws(Failure) {
        guard let text, !text.isEmpty else { return }
        let document: JSONValue
        do { document = try JSONValue(parsing: text) } catch { throw .malformed(error.description) }
        guard case .object(let members) = document else { throw .malformed("it must be a JSON object") }
        for member in members {
            guard known.contains(member.key) else { throw .unknown(member.key) }
            switch member.value {
            case .array(let list): values[member.key, default: []] += list.map(\.string)
            case .object(let map): values[member.key, default: []] += map.filter { $0.value.bool || $0.value.isNull }.map(\.key)
            default: throw .malformed("\(member.key) must be a list")
            }
        }
    }

    public var isEmpty: Bool { values.isEmpty }
    public subscript(_ name: String) -> [String] { values[name] ?? [] }

    /// No such filter, or one of its values fits.
    public func allows(_ name: String, _ fits: (String) -> Bool) -> Bool {
        guard let wanted = values[name], !wanted.isEmpty else { return true }
        return wanted.contains(where: fits)
    }

    /// Labels: every one must fit. "key" or "key=value".
    public func allowsLabels(_ labels: [String: String]) -> Bool { self["label"].allSatisfy { Self.has(labels, $0) } }

    /// "label!": none may fit.
    public func excludesLabels(_ labels: [String: String]) -> Bool { !self["label!"].contains { Self.has(labels, $0) } }

    private static func has(_ labels: [String: String], _ text: String) -> Bool {
        guard let sign = text.firstIndex(of: "=") else { return labels[text] != nil }
        return labels[String(text[..<sign])] == String(text[text.index(after: sign)...])
    }

    /// "true", "1", "false", "0"; nil: not asked.
    public func flag(_ name: String) throws(Failure) -> Bool? {
        guard let value = self[name].first else { return nil }
        switch value.lowercased() {
        case "1", "true", "t": return true
        case "0", "false", "f": return false
        default: throw .badValue(name, value)
        }
    }
}
