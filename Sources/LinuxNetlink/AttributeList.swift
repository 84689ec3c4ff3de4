/// The attributes of a message that came from the kernel.
struct AttributeList: Sequence, IteratorProtocol {
    private var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

    mutating func next() -> (type: Int, value: UnsafeRawBufferPointer)? {
        guard rest.count >= 4 else { return nil }
        let length = Int(rest.loadUnaligned(as: UInt16.self))
        // The upper two bits are flags (nested, network byte order).
        let type = Int(rest.loadUnaligned(fromByteOffset: 2, as: UInt16.self) & 0x3fff)
        guard length >= 4, length <= rest.count else { return nil }
        let value = UnsafeRawBufferPointer(rebasing: rest[4..<length])
        rest = UnsafeRawBufferPointer(rebasing: rest[Swift.min((length + 3) & ~3, rest.count)...])
        return (type, value)
    }
}

extension UnsafeRawBufferPointer {
    /// Text up to the first NUL.
    var text: String { String(decoding: prefix { $0 != 0 }, as: UTF8.self) }
    var u32: UInt32 { count >= 4 ? loadUnaligned(as: UInt32.self) : 0 }
    func attributes(after offset: Int) -> AttributeList {
        AttributeList(offset <= count ? UnsafeRawBufferPointer(rebasing: self[offset...]) : UnsafeRawBufferPointer(start: nil, count: 0))
    }
}
