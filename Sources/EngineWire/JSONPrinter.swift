extension JSONValue {
    /// The text as Go's encoder writes it: `<`, `>` and `&` escaped, no spaces; with `indent`, a value a line.
    public func encoded(indent: Int? = nil) -> [UInt8] {
        var out: [UInt8] = []
        write(&out, indent, 0)
        return out
    }

    public var text: String { String(decoding: encoded(), as: UTF8.self) }

    private func write(_ out: inout [UInt8], _ indent: Int?, _ depth: Int) {
        switch self {
        case .null: out += "null".utf8
        case .bool(let flag): out += (flag ? "true" : "false").utf8
        case .integer(let number): out += String(number).utf8
        case .number(let number): out += Self.text(number).utf8
        case .string(let text): Self.write(text, &out)
        case .array(let elements):
            Self.list(elements, UInt8(ascii: "["), UInt8(ascii: "]"), &out, indent, depth) { $0.write(&$1, indent, depth + 1) }
        case .object(let members):
            Self.list(members, UInt8(ascii: "{"), UInt8(ascii: "}"), &out, indent, depth) { member, out in
                Self.write(member.key, &out)
                out.append(UInt8(ascii: ":"))
                if indent != nil { out.append(0x20) }
                member.value.write(&out, indent, depth + 1)
            }
        }
    }

    private static func list<T>(_ items: [T], _ open: UInt8, _ close: UInt8, _ out: inout [UInt8], _ indent: Int?, _ depth: Int, _ item: (T, inout [UInt8]) -> Void) {
        out.append(open)
        for (index, value) in items.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            newline(&out, indent, depth + 1)
            item(value, &out)
        }
        if !items.isEmpty { newline(&out, indent, depth) }
        out.append(close)
    }

    private static func newline(_ out: inout [UInt8], _ indent: Int?, _ depth: Int) {
        guard let indent else { return }
        out.append(0x0a)
        out += [UInt8](repeating: 0x20, count: indent * depth)
    }

    private static func text(_ number: Double) -> String {
        if let whole = Int64(exactly: number) { return String(whole) }
        return "\(number)"
    }

    private static func write(_ text: String, _ out: inout [UInt8]) {
        out.append(0x22)
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5c: out += [0x5c, byte]
            case 0x0a: out += "\\n".utf8
            case 0x0d: out += "\\r".utf8
            case 0x09: out += "\\t".utf8
            case 0..<0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"):
                out += "\\u00".utf8
                out += [hexDigit(byte >> 4), hexDigit(byte & 15)]
            default: out.append(byte)
            }
        }
        out.append(0x22)
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
}
