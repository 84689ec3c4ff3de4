/// What was wrong in a JSON text, and where (a byte's offset, from 1).
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    public var reason: String
    public var offset: Int
    public var description: String { "\(reason) (at byte \(offset))" }
}

extension JSONValue {
    /// - Throws: `JSONError` for anything that is not exactly one JSON text.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        var parser = JSONParser(bytes)
        self = try parser.document()
    }

    public init(parsing text: String) throws(JSONError) { try self.init(parsing: Array(text.utf8)) }
}

/// Reads RFC 8259 JSON; at most 512 levels deep.
struct JSONParser {
    private let bytes: [UInt8]
    private var place = 0
    private static let deepest = 512

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(JSONError) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard place == bytes.count else { throw unexpected("after top-level value") }
        return value
    }

    private func unexpected(_ context: String) -> JSONError {
        guard place < bytes.count else { return JSONError(reason: "unexpected end of JSON input", offset: place) }
        let character = bytes[place] < 0x80 ? String(UnicodeScalar(bytes[place])) : "\\x" + String(bytes[place], radix: 16)
        return JSONError(reason: "invalid character '\(character)' \(context)", offset: place + 1)
    }

    private mutating func skipSpace() {
        while place < bytes.count, [0x20, 0x0a, 0x0d, 0x09].contains(bytes[place]) { place += 1 }
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < Self.deepest else { throw JSONError(reason: "nested too deeply", offset: place) }
        skipSpace()
        guard place < bytes.count else { throw unexpected("") }
        switch bytes[place] {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), 0x30...0x39: return try number()
        default: throw unexpected("looking for beginning of value")
        }
    }

    private mutating func word(_ text: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for byte in text.utf8 {
            guard place < bytes.count, bytes[place] == byte else { throw unexpected("in literal \(text)") }
            place += 1
        }
        return value
    }

    private mutating func take(_ character: Character) -> Bool {
        skipSpace()
        guard place < bytes.count, bytes[place] == character.asciiValue else { return false }
        place += 1
        return true
    }

    private mutating func object(_ depth: Int) throws(JSONError) -> JSONValue {
        place += 1
        var members: [JSONValue.Member] = []
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { throw unexpected("looking for beginning of object key string") }
            let key = try string()
            guard take(":") else { throw unexpected("after object key") }
            members.append(.init(key: key, value: try value(depth: depth + 1)))
            if take("}") { return .object(members) }
            guard take(",") else { throw unexpected("after object key:value pair") }
        }
    }

    private mutating func array(_ depth: Int) throws(JSONError) -> JSONValue {
        place += 1
        var elements: [JSONValue] = []
        if take("]") { return .array(elements) }
        while true {
            elements.append(try value(depth: depth + 1))
            if take("]") { return .array(elements) }
            guard take(",") else { throw unexpected("after array element") }
        }
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = place
        var isInteger = true
        if bytes[place] == UInt8(ascii: "-") { place += 1 }
        while place < bytes.count {
            switch bytes[place] {
            case 0x30...0x39: place += 1
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"):
                isInteger = false
                place += 1
            default: return try number(start, isInteger)
            }
        }
        return try number(start, isInteger)
    }

    private func number(_ start: Int, _ isInteger: Bool) throws(JSONError) -> JSONValue {
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        if isInteger, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw JSONError(reason: "invalid number \(text)", offset: start + 1) }
        return .number(value)
    }

    private mutating func string() throws(JSONError) -> String {
        place += 1
        let start = place
        while place < bytes.count, bytes[place] != UInt8(ascii: "\""), bytes[place] != UInt8(ascii: "\\"), bytes[place] >= 0x20 { place += 1 }
        if place < bytes.count, bytes[place] == UInt8(ascii: "\"") {
            defer { place += 1 }
            return String(decoding: bytes[start..<place], as: UTF8.self)
        }
        return try escapedString(Array(bytes[start..<place]))
    }

    private mutating func escapedString(_ begun: [UInt8]) throws(JSONError) -> String {
        var out = begun
        while place < bytes.count {
            let byte = bytes[place]
            if byte < 0x20 { throw unexpected("in string literal") }
            place += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: out, as: UTF8.self) }
            if byte == UInt8(ascii: "\\") { try escape(&out) } else { out.append(byte) }
        }
        throw unexpected("")
    }

    private mutating func escape(_ out: inout [UInt8]) throws(JSONError) {
        guard place < bytes.count else { throw unexpected("") }
        let byte = bytes[place]
        let plain: [UInt8: UInt8] = [0x22: 0x22, 0x5c: 0x5c, 0x2f: 0x2f, 0x62: 8, 0x66: 12, 0x6e: 10, 0x72: 13, 0x74: 9]
        if let value = plain[byte] {
            place += 1
            return out.append(value)
        }
        guard byte == UInt8(ascii: "u") else { throw unexpected("in string escape code") }
        place += 1
        var unit = UInt32(try hex())
        if (0xd800..<0xdc00).contains(unit), place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\"), bytes[place + 1] == UInt8(ascii: "u") {
            place += 2
            let low = UInt32(try hex())
            unit = (0xdc00..<0xe000).contains(low) ? 0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00) : 0xfffd
        }
        out += Array(String(UnicodeScalar(unit) ?? "\u{fffd}").utf8)
    }

    private mutating func hex() throws(JSONError) -> UInt16 {
        guard place + 4 <= bytes.count, let value = UInt16(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16) else {
            throw unexpected("in \\u hexadecimal character escape")
        }
        place += 4
        return value
    }
}
