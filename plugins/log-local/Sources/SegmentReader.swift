import Glibc
import Gzip
import LinuxSystem
import LogKit

/// A segment, open for reading: its blocks, whether the file is compressed or not.
final class SegmentReader {
    let number: UInt64
    let blocks: [Block]
    private let file: StoredFile
    private let isPacked: Bool

    /// Bytes of the uncompressed file.
    var size: Int { blocks.last?.end ?? Segments.headerSize }

    /// nil: the segment is gone.
    init?(_ number: UInt64, _ segments: Segments) throws(Errno) {
        self.number = number
        // The compressed file is there before the plain one goes.
        if let plain = try StoredFile.existing(segments.plain(number)) {
            file = plain
            isPacked = false
            let size = try file.size(), known = try Self.index(segments.index(number), within: size)
            blocks = known + (try FrameScan.blocks(of: file, from: known.last?.end ?? Segments.headerSize, size: size))
        } else if let packed = try StoredFile.existing(segments.packed(number)) {
            file = packed
            isPacked = true
            blocks = try Self.contents(of: file)
        } else {
            return nil
        }
    }

    /// Fills `buffer` with the block's frames. False: it is damaged.
    func load(_ block: Block, into buffer: ByteBuffer) throws(Errno) -> Bool {
        buffer.count = 0
        buffer.reserve(block.length)
        let target = UnsafeMutableRawBufferPointer(start: buffer.base, count: block.length)
        if isPacked {
            let stored = try file.read(block.storedOffset, block.storedLength)
            guard stored.withUnsafeBytes({ Gzip.unpack($0, into: target) }) else { return false }
        } else {
            guard try file.read(block.offset, into: target) == block.length else { return false }
        }
        buffer.count = block.length
        return true
    }

    /// Entries of a plain segment's index that describe the first `size` bytes. Whatever is wrong with it, it is short.
    static func index(_ path: String, within size: Int) throws(Errno) -> [Block] {
        guard let file = try StoredFile.existing(path) else { return [] }
        let bytes = try file.read(0, try file.size())
        return bytes.withUnsafeBytes { Block.decode($0, from: Segments.headerSize) }.prefix { $0.end <= size }
    }

    /// The index at the end of a compressed file.
    private static func contents(of file: StoredFile) throws(Errno) -> [Block] {
        let size = try file.size()
        let footer = try file.read(max(0, size - PackedFooter.size), PackedFooter.size)
        guard let place = footer.withUnsafeBytes({ PackedFooter($0) }), place.offset + place.count * Block.encodedSize <= size else {
            throw Errno(EBADMSG, "read the index of \(file.path)")
        }
        let entries = try file.read(place.offset, place.count * Block.encodedSize)
        return entries.withUnsafeBytes { Block.decode($0, from: Segments.headerSize) }
    }
}

/// The end of a compressed file: checksum u32, number of blocks u32, offset of the index u64, mark.
struct PackedFooter {
    static let size = 24
    private static let mark = Array("GANTRYZE".utf8)

    var offset, count: Int

    init(offset: Int, count: Int) {
        self.offset = offset
        self.count = count
    }

    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.size, Array(bytes[16...]) == Self.mark,
            Checksum.of(UnsafeRawBufferPointer(rebasing: bytes[4...])) == bytes.number(at: 0, UInt32.self)
        else { return nil }
        count = Int(bytes.number(at: 4, UInt32.self))
        offset = Int(bytes.number(at: 8, UInt64.self))
    }

    var encoded: [UInt8] {
        var rest: [UInt8] = []
        rest.append(number: UInt32(count))
        rest.append(number: UInt64(offset))
        rest += Self.mark
        var all: [UInt8] = []
        all.append(number: rest.withUnsafeBytes { Checksum.of($0) })
        return all + rest
    }
}
