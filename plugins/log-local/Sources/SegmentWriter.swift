import DriverKit
import Glibc
import LinuxSystem
import LogKit

/// The segment that is being written: frames go to its end, and each block that is full into its index.
final class SegmentWriter {
    let number: UInt64
    private let file: StoredFile
    /// nil: it can't be written; readers then look at the frames themselves.
    private var index: StoredFile?
    /// Bytes of the file, all of them whole frames.
    private(set) var size: Int
    private var block: Block

    /// Makes a new one.
    init(new number: UInt64, _ segments: Segments) throws(Errno) {
        self.number = number
        file = try StoredFile(segments.plain(number), O_RDWR | O_APPEND | O_CREAT | O_EXCL)
        try file.append(Segments.header(Segments.plainMark, number))
        index = try? StoredFile(segments.index(number), O_RDWR | O_APPEND | O_CREAT | O_TRUNC)
        size = Segments.headerSize
        block = Block(at: size)
    }

    /// Goes on with one. What a crash tore at its end goes, and its index gets what it lacks.
    init(existing number: UInt64, _ segments: Segments) throws(Errno) {
        self.number = number
        file = try StoredFile(segments.plain(number), O_RDWR | O_APPEND)
        let length = try file.size()
        if length < Segments.headerSize {
            try file.truncate(0)
            try file.append(Segments.header(Segments.plainMark, number))
        }
        let known = try SegmentReader.index(segments.index(number), within: length)
        var blocks = try FrameScan.blocks(of: file, from: known.last?.end ?? Segments.headerSize, size: length)
        size = blocks.last?.end ?? known.last?.end ?? Segments.headerSize
        if size < length { try file.truncate(size) }
        block = blocks.last.map { $0.isFull ? Block(at: $0.end) : $0 } ?? Block(at: size)
        if let last = blocks.last, !last.isFull { blocks.removeLast() }
        index = try? StoredFile(segments.index(number), O_RDWR | O_APPEND | O_CREAT)
        try? index?.truncate(known.count * Block.encodedSize)
        for block in blocks { note(block) }
    }

    /// Writes frames, described by `sizes` and the rest in order, with one write(2). Whatever goes wrong, none of them
    /// stays behind.
    func append(_ frames: ByteBuffer, _ facts: [(size: Int, time: Int64, endsLine: Bool)]) throws(Errno) {
        do throws(Errno) { try file.append(frames.bytes) } catch {
            try? file.truncate(size)
            throw error
        }
        size += frames.count
        for fact in facts {
            block.add(size: fact.size, time: fact.time, endsLine: fact.endsLine)
            if block.isFull {
                note(block)
                block = Block(at: block.end)
            }
        }
    }

    /// No frame will follow: the index gets the last block.
    func seal() {
        if block.length > 0 { note(block) }
        block = Block(at: block.end)
    }

    /// An index with a hole is worse than a short one.
    private func note(_ block: Block) {
        do throws(Errno) { try index?.append(block.encoded) } catch { index = nil }
    }
}
