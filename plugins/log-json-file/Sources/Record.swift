/// A record that was found in a line of a file; its parts are still encoded.
struct Record {
    private(set) var text = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    private(set) var isStderr = false
    private(set) var time: Int64 = 0

    /// The text ends with a newline: the line is whole, or the last part of one.
    var endsLine: Bool { text.count >= 2 && text[text.count - 1] == UInt8(ascii: "n") && Self.isEscaped(text, text.count - 1) }

    /// nil: not a record of ours; it is passed over.
    init?(_ line: UnsafeBufferPointer<UInt8>) {
        var scanner = Scanner(line)
        var found = 0
        guard scanner.skip(UInt8(ascii: "{")) else { return nil }
        while let key = scanner.string(), scanner.skip(UInt8(ascii: ":")) {
            if Self.equals(key, "log") {
                guard let value = scanner.string() else { return nil }
                text = value
                found |= 1
            } else if Self.equals(key, "stream") {
                guard let value = scanner.string() else { return nil }
                isStderr = Self.equals(value, "stderr")
            } else if Self.equals(key, "time") {
                guard let value = scanner.string(), let parsed = parseTimestamp(value) else { return nil }
                time = parsed
                found |= 2
            } else if !scanner.skipValue() {
                return nil
            }
            if scanner.skip(UInt8(ascii: "}")) { break }
            guard scanner.skip(UInt8(ascii: ",")) else { return nil }
        }
        if found != 3 { return nil }
    }

    private static func equals(_ bytes: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        for index in 0..<bytes.count where bytes[index] != text.utf8Start[index] { return false }
        return true
    }

    /// An odd number of backslashes stands before `place`.
    private static func isEscaped(_ text: UnsafeBufferPointer<UInt8>, _ place: Int) -> Bool {
        var index = place
        while index > 0, text[index - 1] == UInt8(ascii: "\\") { index -= 1 }
        return (place - index) % 2 == 1
    }
}

/// Walks over JSON without making anything of it.
private struct Scanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var index = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func skip(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    /// The inside of a string, still encoded.
    mutating func string() -> UnsafeBufferPointer<UInt8>? {
        guard skip(UInt8(ascii: "\"")) else { return nil }
        let start = index
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                index += 1
                return UnsafeBufferPointer(rebasing: bytes[start..<index - 1])
            }
            index += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    /// Any value.
    mutating func skipValue() -> Bool {
        var depth = 0
        while true {
            skipBlanks()
            guard index < bytes.count else { return false }
            switch bytes[index] {
            case UInt8(ascii: "\""):
                if string() == nil { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                index += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return true }
                depth -= 1
                index += 1
            case UInt8(ascii: ",") where depth == 0: return true
            default: index += 1
            }
            if depth == 0, index < bytes.count, bytes[index] == UInt8(ascii: ",") || bytes[index] == UInt8(ascii: "}") { return true }
        }
    }

    private mutating func skipBlanks() {
        while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
    }
}
