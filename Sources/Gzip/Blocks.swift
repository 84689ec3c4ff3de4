import CZlib
import Glibc

extension Gzip {
    /// One block, compressed by itself (zlib format, RFC 1950).
    public static func packed(_ block: UnsafeRawBufferPointer) -> [UInt8] {
        let bound = Int(compressBound(uLong(block.count)))
        return [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            var length = uLong(bound)
            let status = compress2(buffer.baseAddress, &length, block.bindMemory(to: UInt8.self).baseAddress, uLong(block.count), level)
            // It can only fail for want of room, and there is room.
            precondition(status == Z_OK, "compress2 says \(status)")
            count = Int(length)
        }
    }

    /// Fills `block` with what `packed` stands for. False: it is damaged, or of another size.
    public static func unpack(_ packed: UnsafeRawBufferPointer, into block: UnsafeMutableRawBufferPointer) -> Bool {
        var length = uLong(block.count)
        let status = uncompress(
            block.bindMemory(to: UInt8.self).baseAddress, &length, packed.bindMemory(to: UInt8.self).baseAddress, uLong(packed.count))
        return status == Z_OK && Int(length) == block.count
    }
}
