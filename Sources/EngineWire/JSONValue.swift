/// A JSON document as values. Objects keep the order of their keys, integers stay integers.
public indirect enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    public struct Member: Sendable, Equatable {
        public var key: String
        public var value: JSONValue
        public init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(nilLiteral: ()) { self = .null }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member(key: $0.0, value: $0.1) })
    }
}

extension JSONValue {
    /// A list of strings; nil is null.
    public init(_ strings: [String]?) { self = strings.map { .array($0.map { .string($0) }) } ?? .null }
    /// An object of strings, its keys sorted as Go sorts them; nil is null.
    public init(_ map: [String: String]?) {
        self = map.map { .object($0.sorted { $0.key < $1.key }.map { Member(key: $0.key, value: .string($0.value)) }) } ?? .null
    }

    /// `.null` when this is no object or has no such key. Of equal keys the last counts.
    public subscript(_ key: String) -> JSONValue {
        get {
            guard case .object(let members) = self else { return .null }
            return members.last { $0.key == key }?.value ?? .null
        }
        set {
            guard case .object(var members) = self else {
                self = .object([Member(key: key, value: newValue)])
                return
            }
            if let place = members.lastIndex(where: { $0.key == key }) {
                members[place].value = newValue
            } else {
                members.append(Member(key: key, value: newValue))
            }
            self = .object(members)
        }
    }

    /// As Go decodes: the key's case does not count, if there is no exact match.
    public func ignoringCase(_ key: String) -> JSONValue {
        guard case .object(let members) = self else { return .null }
        if let exact = members.last(where: { $0.key == key }) { return exact.value }
        let wanted = key.lowercased()
        return members.last { $0.key.lowercased() == wanted }?.value ?? .null
    }

    public subscript(_ index: Int) -> JSONValue {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return .null }
        return elements[index]
    }

    /// "" unless this is a string.
    public var string: String { if case .string(let text) = self { text } else { "" } }
    public var bool: Bool { if case .bool(let flag) = self { flag } else { false } }
    /// 0 unless this is a number.
    public var integer: Int64 {
        switch self {
        case .integer(let number): number
        case .number(let number): Int64(exactly: number.rounded(.towardZero)) ?? 0
        default: 0
        }
    }
    public var array: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
    public var entries: [Member] { if case .object(let members) = self { members } else { [] } }
    public var isNull: Bool { self == .null }
}
