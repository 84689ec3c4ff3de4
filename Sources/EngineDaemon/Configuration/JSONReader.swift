/// Reads JSON (RFC 8259) in which comments (`//` and `/* */`) and a comma after the last member are allowed. Its
/// errors name the line, which the system's decoder does not.
struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    static func parse(_ bytes: [UInt8]) throws(ConfigurationError) -> JSONValue {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw ConfigurationError("the file is not UTF-8 text") }
        var reader = JSONReader(bytes: bytes)
        let value = try reader.value()
        try reader.skipSpace()
        if reader.next != nil { throw reader.failure("there is text after the end of the object") }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func failure(_ reason: String) -> ConfigurationError {
        let line = bytes[..<min(position, bytes.count)].count { $0 == UInt8(ascii: "\n") } + 1
        return ConfigurationError("the file is not valid JSON: line \(line): \(reason)")
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    // MARK: space

    private mutating func skipSpace() throws(ConfigurationError) {
        while let byte = next {
            if byte == 0x20 || (0x09...0x0d).contains(byte) {
                position += 1
            } else if byte == UInt8(ascii: "/") {
                try skipComment()
            } else {
                return
            }
        }
    }

    private mutating func skipComment() throws(ConfigurationError) {
        let second = position + 1 < bytes.count ? bytes[position + 1] : 0
        switch second {
        case UInt8(ascii: "/"):
            while let byte = next, byte != UInt8(ascii: "\n") { position += 1 }
        case UInt8(ascii: "*"):
            let rest = bytes[(position + 2)...]
            let end = rest.indices.first { rest[$0] == UInt8(ascii: "*") && $0 + 1 < bytes.count && bytes[$0 + 1] == UInt8(ascii: "/") }
            guard let end else { throw failure("a comment begins here and never ends") }
            position = end + 2
        default: throw failure("a lonely \"/\"")
        }
    }

    // MARK: values

    private mutating func value() throws(ConfigurationError) -> JSONValue {
        try skipSpace()
        guard let byte = next else { throw failure("the file ends where a value must stand") }
        switch byte {
        case UInt8(ascii: "{"): return .object(try nested { (reader) throws(ConfigurationError) in try reader.object() })
        case UInt8(ascii: "["): return .list(try nested { (reader) throws(ConfigurationError) in try reader.list() })
        case UInt8(ascii: "\""): return .text(try text())
        default: return try word()
        }
    }

    private mutating func nested<R>(_ body: (inout JSONReader) throws(ConfigurationError) -> R) throws(ConfigurationError) -> R {
        guard depth < 32 else { throw failure("too many brackets inside each other") }
        depth += 1
        position += 1
        let result = try body(&self)
        depth -= 1
        return result
    }

    private mutating func object() throws(ConfigurationError) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        while true {
            try skipSpace()
            if take("}") { return members }
            guard next == UInt8(ascii: "\"") else { throw failure("a key in double quotes, or \"}\", must stand here") }
            let key = try text()
            if members[key] != nil { throw failure("the key \"\(key)\" is there twice") }
            try skipSpace()
            guard take(":") else { throw failure("\":\" is missing after the key \"\(key)\"") }
            members[key] = try value()
            try skipSpace()
            if !take(",") && next != UInt8(ascii: "}") { throw failure("\",\" or \"}\" is missing after the value of \"\(key)\"") }
        }
    }

    private mutating func list() throws(ConfigurationError) -> [JSONValue] {
        var values: [JSONValue] = []
        while true {
            try skipSpace()
            if take("]") { return values }
            values.append(try value())
            try skipSpace()
            if !take(",") && next != UInt8(ascii: "]") { throw failure("\",\" or \"]\" is missing in a list") }
        }
    }

    /// true, false, null, or a number.
    private mutating func word() throws(ConfigurationError) -> JSONValue {
        let rest = bytes[position...].prefix { byte in
            byte > 0x20 && !",]}:{[\"/".utf8.contains(byte)
        }
        let word = String(decoding: rest, as: UTF8.self)
        let value: JSONValue
        switch word {
        case "true": value = .toggle(true)
        case "false": value = .toggle(false)
        case "null": value = .null
        default:
            guard let first = word.utf8.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first) else {
                throw failure("\"\(word.isEmpty ? String(UnicodeScalar(bytes[position])) : word)\" is no value; texts need double quotes")
            }
            if let whole = Int(word) {
                value = .whole(whole)
            } else if let number = Double(word) {
                value = .number(number)
            } else {
                throw failure("\"\(word)\" is no number")
            }
        }
        position += rest.count
        return value
    }

    // MARK: texts

    private mutating func text() throws(ConfigurationError) -> String {
        position += 1
        var result: [UInt8] = []
        while let byte = next {
            if byte < 0x20 { break }
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: result, as: UTF8.self)
            case UInt8(ascii: "\\"): result += try escape()
            default: result.append(byte)
            }
        }
        throw failure("a text does not end on its line")
    }

    private mutating func escape() throws(ConfigurationError) -> [UInt8] {
        guard let byte = next else { throw failure("a text does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0c]
        case UInt8(ascii: "u"): return Array(String(try scalar()).utf8)
        default: throw failure("\"\\\(Character(UnicodeScalar(byte)))\" is no escape")
        }
    }

    /// Four hexadecimal digits, or twice four for what lies beyond the first plane.
    private mutating func scalar() throws(ConfigurationError) -> Character {
        let high = try unit()
        if let plain = UnicodeScalar(high) { return Character(plain) }
        guard high < 0xdc00, take("\\"), take("u") else { throw failure("half of a surrogate pair") }
        let low = try unit()
        guard (0xdc00...0xdfff).contains(low), let joined = UnicodeScalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00)) else {
            throw failure("half of a surrogate pair")
        }
        return Character(joined)
    }

    private mutating func unit() throws(ConfigurationError) -> UInt32 {
        let digits = String(decoding: bytes[position...].prefix(4), as: UTF8.self)
        guard digits.utf8.count == 4, digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16) else {
            throw failure("\\u needs four hexadecimal digits")
        }
        position += 4
        return value
    }
}
