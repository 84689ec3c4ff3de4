import EngineErrors

/// The parameters of a request's query, decoded, in the order in which the client gave them.
struct Query: Sendable {
    private let items: [(name: String, value: String)]

    /// `text`: "all=1&filters=%7B%7D", without the "?".
    init(_ text: String) {
        guard !text.isEmpty else {
            items = []
            return
        }
        items = text.split(separator: "&").map { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decode(parts[0]), parts.count == 2 ? Self.decode(parts[1]) : "")
        }
    }

    /// The first value of `name`; "" when it is there without one.
    subscript(_ name: String) -> String? { items.first { $0.name == name }?.value }

    func all(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }

    /// Docker's reading of a yes or no: all but "", "0", "no", "false" and "none" is yes.
    func flag(_ name: String) -> Bool {
        guard let value = self[name] else { return false }
        return !["", "0", "no", "false", "none"].contains(value.lowercased())
    }

    /// - Returns: nil when the parameter is missing or empty.
    /// - Throws: `.invalidArgument`.
    func integer(_ name: String) throws(EngineError) -> Int? {
        guard let value = self[name], !value.isEmpty else { return nil }
        guard let number = Int(value) else {
            throw EngineError(.invalidArgument, "invalid value \"\(value)\" for the query parameter \(name): it must be a whole number")
        }
        return number
    }

    /// "+" is a space; a "%" that no two hexadecimal digits follow stands for itself.
    private static func decode(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                if let decoded = hexadecimal(rest.prefix(2)) {
                    bytes.append(decoded)
                    rest = rest.dropFirst(2)
                } else {
                    bytes.append(byte)
                }
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexadecimal(_ digits: Substring.UTF8View) -> UInt8? {
        guard digits.count == 2, digits.first != UInt8(ascii: "+"), digits.first != UInt8(ascii: "-") else { return nil }
        return UInt8(Substring(digits), radix: 16)
    }
}
