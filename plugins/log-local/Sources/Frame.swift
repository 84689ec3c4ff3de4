import DriverKit
import LogKit

/// A line as it is stored: checksum (CRC-32C of all that follows) u32, length and flags u32, time i64, and the bytes
/// of the line. Little-endian.
struct Frame {
    static let headerSize = 16
    private static let stderr: UInt32 = 1 << 31, partial: UInt32 = 1 << 30, lengthMask: UInt32 = 1 << 30 - 1

    let bytes: UnsafeRawBufferPointer
    let time: Int64
    let isStderr, isPartial: Bool

    var size: Int { Self.headerSize + bytes.count }

    /// The frame at the start of `buffer`; nil: none that is whole and right.
    init?(_ buffer: UnsafeRawBufferPointer) {
        guard let size = Self.claimedSize(buffer), size <= buffer.count else { return nil }
        guard Checksum.of(UnsafeRawBufferPointer(rebasing: buffer[4..<size])) == buffer.number(at: 0, UInt32.self) else { return nil }
        let word = buffer.number(at: 4, UInt32.self)
        bytes = UnsafeRawBufferPointer(rebasing: buffer[Self.headerSize..<size])
        time = buffer.number(at: 8, Int64.self)
        isStderr = word & Self.stderr != 0
        isPartial = word & Self.partial != 0
    }

    /// What a header says, right or wrong; nil: not even a header.
    static func claimedSize(_ buffer: UnsafeRawBufferPointer) -> Int? {
        guard buffer.count >= headerSize else { return nil }
        return headerSize + Int(buffer.number(at: 4, UInt32.self) & lengthMask)
    }

    static func append(_ line: LogLine, to buffer: ByteBuffer) {
        let start = buffer.count, size = headerSize + line.bytes.count
        buffer.reserve(size)
        let word = UInt32(line.bytes.count) & lengthMask | (line.isStderr ? stderr : 0) | (line.isPartial ? partial : 0)
        let frame = UnsafeMutableRawBufferPointer(start: buffer.base + start, count: size)
        frame.storeBytes(of: word.littleEndian, toByteOffset: 4, as: UInt32.self)
        frame.storeBytes(of: line.time.littleEndian, toByteOffset: 8, as: Int64.self)
        UnsafeMutableRawBufferPointer(rebasing: frame[headerSize...]).copyMemory(from: line.bytes)
        frame.storeBytes(of: Checksum.of(UnsafeRawBufferPointer(rebasing: frame[4...])).littleEndian, toByteOffset: 0, as: UInt32.self)
        buffer.count += size
    }
}

extension UnsafeRawBufferPointer {
    func number<I: FixedWidthInteger>(at offset: Int, _: I.Type) -> I { I(littleEndian: loadUnaligned(fromByteOffset: offset, as: I.self)) }
}

extension [UInt8] {
    mutating func append<I: FixedWidthInteger>(number: I) { Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) } }
}
