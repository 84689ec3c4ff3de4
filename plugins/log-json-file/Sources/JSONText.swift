import LogKit

/// JSON strings, byte for byte as Docker's encoder writes them: safe inside HTML, `\ufffd` for what isn't UTF-8.
enum JSONText {
    /// A byte may become `\u00xx`.
    static let expansion = 6

    private enum Class { static let plain: UInt8 = 0, escaped: UInt8 = 1, wide: UInt8 = 2 }

    private static let classes: [UInt8] = (0..<256).map { byte in
        if byte >= 0x80 { return Class.wide }
        let special = byte < 0x20 || "\"\\<>&".utf8.contains(UInt8(byte))
        return special ? Class.escaped : Class.plain
    }

    /// Appends the inside of a string. `expansion` times its length must be reserved.
    static func append(_ source: UnsafeBufferPointer<UInt8>, to buffer: ByteBuffer) {
        guard let base = source.baseAddress else { return }
        classes.withUnsafeBufferPointer { classes in
            var index = 0, start = 0
            while index < source.count {
                let kind = classes[Int(base[index])]
                if kind == Class.plain {
                    index += 1
                    continue
                }
                if kind == Class.wide, let length = plainLength(base + index, source.count - index) {
                    index += length
                    continue
                }
                buffer.append(base + start, index - start)
                index += kind == Class.wide ? appendWide(base + index, source.count - index, to: buffer) : appendEscape(base[index], to: buffer)
                start = index
            }
            buffer.append(base + start, source.count - start)
        }
    }

    private static func appendEscape(_ byte: UInt8, to buffer: ByteBuffer) -> Int {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            buffer.append(UInt8(ascii: "\\"))
            buffer.append(byte)
        case 0x0a: buffer.append("\\n")
        case 0x0d: buffer.append("\\r")
        default:
            buffer.append("\\u00")
            buffer.append(hex(byte >> 4))
            buffer.append(hex(byte & 15))
        }
        return 1
    }

    /// What JSON allows and JavaScript doesn't (U+2028, U+2029), or one byte that isn't UTF-8. Its length.
    private static func appendWide(_ start: UnsafePointer<UInt8>, _ count: Int, to buffer: ByteBuffer) -> Int {
        if UTF8Sequence.length(start, count) == nil {
            buffer.append("\\ufffd")
            return 1
        }
        buffer.append("\\u202")
        buffer.append(hex(start[2] & 15))
        return 3
    }

    /// Length of a character that stays as it is; nil: see `appendWide`.
    private static func plainLength(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int? {
        guard let length = UTF8Sequence.length(start, count) else { return nil }
        let isSeparator = length == 3 && start[0] == 0xe2 && start[1] == 0x80 && (start[2] == 0xa8 || start[2] == 0xa9)
        return isSeparator ? nil : length
    }

    private static func hex(_ digit: UInt8) -> UInt8 { digit < 10 ? 48 + digit : 87 + digit }

    /// Appends what the inside of a string stands for; never longer than `source`. False: it isn't JSON.
    static func appendDecoded(_ source: UnsafeBufferPointer<UInt8>, to buffer: ByteBuffer) -> Bool {
        guard let base = source.baseAddress else { return true }
        var index = 0
        while index < source.count {
            let start = index
            while index < source.count, base[index] != UInt8(ascii: "\\") { index += 1 }
            buffer.append(base + start, index - start)
            if index == source.count { break }
            guard let length = appendEscaped(UnsafeBufferPointer(rebasing: source[index...]), to: buffer) else { return false }
            index += length
        }
        return true
    }

    /// One escape, which `source` starts with. Its length.
    private static func appendEscaped(_ source: UnsafeBufferPointer<UInt8>, to buffer: ByteBuffer) -> Int? {
        guard source.count >= 2 else { return nil }
        switch source[1] {
        case UInt8(ascii: "n"): buffer.append(0x0a)
        case UInt8(ascii: "r"): buffer.append(0x0d)
        case UInt8(ascii: "t"): buffer.append(0x09)
        case UInt8(ascii: "b"): buffer.append(0x08)
        case UInt8(ascii: "f"): buffer.append(0x0c)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(source[1])
        case UInt8(ascii: "u"): return appendUnicode(source, to: buffer)
        default: return nil
        }
        return 2
    }

    private static func appendUnicode(_ source: UnsafeBufferPointer<UInt8>, to buffer: ByteBuffer) -> Int? {
        guard let first = unit(source, 2) else { return nil }
        var scalar = UInt32(first), length = 6
        if first & 0xfc00 == 0xd800, source.count >= 12, source[6] == UInt8(ascii: "\\"), source[7] == UInt8(ascii: "u"),
            let second = unit(source, 8), second & 0xfc00 == 0xdc00
        {
            scalar = 0x10000 + (UInt32(first & 0x3ff) << 10 | UInt32(second & 0x3ff))
            length = 12
        }
        for byte in UTF8.encode(Unicode.Scalar(scalar) ?? "\u{fffd}")! { buffer.append(byte) }
        return length
    }

    private static func unit(_ source: UnsafeBufferPointer<UInt8>, _ start: Int) -> UInt16? {
        guard source.count >= start + 4 else { return nil }
        var value: UInt16 = 0
        for index in start..<start + 4 {
            let byte = source[index]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt16(byte - 48)
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt16(byte - 87)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt16(byte - 55)
            default: return nil
            }
        }
        return value
    }
}

/// Well-formed UTF-8 as Unicode and Go define it: no surrogates, nothing longer than needed.
private enum UTF8Sequence {
    static func length(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int? {
        let first = bytes[0]
        let length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
        guard length > 0, count >= length else { return nil }
        let second = bytes[1]
        let range: ClosedRange<UInt8> =
            switch first {
            case 0xe0: 0xa0...0xbf
            case 0xed: 0x80...0x9f
            case 0xf0: 0x90...0xbf
            case 0xf4: 0x80...0x8f
            default: 0x80...0xbf
            }
        guard range.contains(second) else { return nil }
        for index in 2..<max(length, 2) where bytes[index] & 0xc0 != 0x80 { return nil }
        return length
    }
}
