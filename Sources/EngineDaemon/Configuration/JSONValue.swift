/// Any JSON value, so that the file can be checked key by key with sentences of our own.
enum JSONValue: Equatable {
    case null, toggle(Bool), whole(Int), number(Double), text(String), list([JSONValue]), object([String: JSONValue])

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
