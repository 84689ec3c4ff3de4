import DriverKit
import Glibc
import LinuxSystem
import LogKit

/// Reads frames in order from a place in the log to its end, block by block; blocks that can't have what is wanted are
/// not read at all.
final class LogReader {
    /// Index into the segments' numbers, and bytes into that segment's uncompressed file.
    struct Place: Equatable {
        var segment, offset: Int
    }

    private let segments: Segments
    private let query: LogQuery
    private let isCancelled: () -> Bool
    private var numbers: [UInt64] = []
    private let buffer = ByteBuffer(capacity: 2 * Block.size)
    private var lines: [gantry_log_line] = []

    init(_ segments: Segments, _ query: LogQuery, isCancelled: @escaping () -> Bool) {
        self.segments = segments
        self.query = query
        self.isCancelled = isCancelled
    }

    /// Until `body` returns false.
    func read(_ body: (LogBatch) -> Bool) throws {
        numbers = try segments.numbers()
        var place = place(of: query.from)
        if let tail = query.tail { place = try start(ofTail: tail, from: place) }
        while place.segment < numbers.count {
            guard try readSegment(place, body) else { return }
            place = Place(segment: place.segment + 1, offset: 0)
        }
    }

    /// A place that is gone (its segment was removed) is the oldest one that is left.
    private func place(of cursor: LogCursor) -> Place {
        guard cursor != .start, let index = numbers.firstIndex(of: cursor.epoch) else { return Place(segment: 0, offset: 0) }
        return Place(segment: index, offset: Int(cursor.offset))
    }

    /// nil: it was removed meanwhile.
    private func open(_ index: Int) throws(Errno) -> SegmentReader? { try SegmentReader(numbers[index], segments) }

    /// False: `body` has enough.
    private func readSegment(_ place: Place, _ body: (LogBatch) -> Bool) throws -> Bool {
        guard let segment = try open(place.segment) else { return true }
        // A log that was removed and made anew may be shorter than it was.
        let start = place.offset <= segment.size ? place.offset : 0
        for block in segment.blocks where block.end > start && query.allows(block) {
            try checkCancelled()
            guard try segment.load(block, into: buffer) else { continue }
            if !deliver(block, of: segment, from: start, body) { return false }
        }
        return true
    }

    private func deliver(_ block: Block, of segment: SegmentReader, from start: Int, _ body: (LogBatch) -> Bool) -> Bool {
        lines.removeAll(keepingCapacity: true)
        buffer.forEachFrame(of: block) { frame, end in
            guard end > start, query.matches(frame.time) else { return }
            lines.append(
                gantry_log_line(
                    data: gantry_bytes(ptr: frame.bytes.baseAddress, len: frame.bytes.count), time_ns: frame.time,
                    stream: UInt16(frame.isStderr ? GANTRY_STREAM_STDERR : GANTRY_STREAM_STDOUT),
                    flags: UInt16(frame.isPartial ? GANTRY_LINE_PARTIAL : 0), reserved: 0,
                    next: gantry_log_cursor(epoch: segment.number, offset: UInt64(end))))
        }
        if lines.isEmpty { return true }
        return lines.withUnsafeBufferPointer { body(LogBatch(raw: $0)) }
    }

    private func checkCancelled() throws {
        if isCancelled() { throw DriverError(ECANCELED, "reading the log was cancelled") }
    }

    // MARK: tail

    /// Where the last `count` lines that match begin, which is behind the line before them. A line in several parts
    /// counts once. The index says how many lines a block has; only the last one looked at is read.
    private func start(ofTail count: Int, from oldest: Place) throws -> Place {
        if count <= 0 { return Place(segment: numbers.count, offset: 0) }
        var missing = count
        for index in numbers.indices.reversed() where index >= oldest.segment {
            guard let segment = try open(index) else { continue }
            let floor = index == oldest.segment && oldest.offset <= segment.size ? oldest.offset : 0
            for block in segment.blocks.reversed() where block.end > floor && query.allows(block) {
                try checkCancelled()
                let isWhole = block.offset >= floor && query.isSatisfied(by: block)
                if isWhole && block.lineEnds <= missing {
                    missing -= block.lineEnds
                    continue
                }
                guard try segment.load(block, into: buffer) else { continue }
                var ends: [Int] = []
                buffer.forEachFrame(of: block) { frame, end in
                    if end > floor && !frame.isPartial && query.matches(frame.time) { ends.append(end) }
                }
                if ends.count > missing { return Place(segment: index, offset: ends[ends.count - missing - 1]) }
                missing -= ends.count
            }
        }
        return oldest
    }
}

extension ByteBuffer {
    /// The frames of a block that was loaded, and where each ends in the segment. One that is damaged is passed over.
    fileprivate func forEachFrame(of block: Block, _ body: (Frame, _ end: Int) -> Void) {
        var place = 0
        while place < count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[place...])
            if let frame = Frame(rest) {
                place += frame.size
                body(frame, block.offset + place)
            } else {
                guard let size = Frame.claimedSize(rest), size < rest.count else { return }
                place += size
            }
        }
    }
}

extension LogQuery {
    func matches(_ time: Int64) -> Bool { (since == 0 || time >= since) && (until == 0 || time <= until) }

    /// Something in it may match.
    func allows(_ block: Block) -> Bool { (since == 0 || block.latest >= since) && (until == 0 || block.earliest <= until) }

    /// Everything in it matches.
    func isSatisfied(by block: Block) -> Bool { (since == 0 || block.earliest >= since) && (until == 0 || block.latest <= until) }
}
