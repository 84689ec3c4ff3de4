import FoundationEssentials

/// Any JSON value, so that the file can be checked key by key with sentences of our own.
enum JSONValue: Decodable, Equatable {
    case null, toggle(Bool), whole(Int), number(Double), text(String), list([JSONValue]), object([String: JSONValue])

    /// JSON with comments and trailing commas (JSON5).
    static func parse(_ bytes: [UInt8]) throws -> JSONValue {
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        return try decoder.decode(JSONValue.self, from: Data(bytes))
    }

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() { self = .null }
        else if let toggle = try? value.decode(Bool.self) { self = .toggle(toggle) }
        else if let whole = try? value.decode(Int.self) { self = .whole(whole) }
        else if let number = try? value.decode(Double.self) { self = .number(number) }
        else if let text = try? value.decode(String.self) { self = .text(text) }
        else if let list = try? value.decode([JSONValue].self) { self = .list(list) }
        else { self = .object(try value.decode([String: JSONValue].self)) }
    }

    /// For "…, not %s": what it is and, when short, what it says.
    var described: String {
        switch self {
        case .null: "null"
        case .toggle(let value): "\(value)"
        case .whole(let value): "the number \(value)"
        case .number(let value): "the number \(value)"
        case .text(let value): "the text \"\(value)\""
        case .list: "a list"
        case .object: "an object"
        }
    }
}
