import DriverKit
import Glibc
import LogKit

/// Reads records in order, in blocks, from a place in the log's files to their end.
final class LogReader {
    /// Index into the files, and bytes into that file.
    struct Place: Equatable {
        var file, offset: Int
    }

    private static let blockSize = 256 * 1024
    private static let batchSize = 512

    private let files: [OpenFile]
    private let query: LogQuery
    private let isCancelled: () -> Bool
    private let block = ByteBuffer(capacity: blockSize)
    private let decoded = ByteBuffer(capacity: blockSize)
    private var lines: [gantry_log_line] = []

    init(_ files: LogFiles, _ query: LogQuery, isCancelled: @escaping () -> Bool) {
        self.files = files.all
        self.query = query
        self.isCancelled = isCancelled
        lines.reserveCapacity(Self.batchSize)
    }

    /// Until `body` returns false.
    func read(_ body: (LogBatch) -> Bool) throws(DriverError) {
        var place = place(of: query.from)
        if let tail = query.tail { place = try TailSearch(files, query, from: place, isCancelled).start(tail) }
        while place.file < files.count {
            guard try readFile(place, body) else { return }
            place = Place(file: place.file + 1, offset: 0)
        }
    }

    /// A place that is gone (its file was removed) is the oldest one that is left.
    private func place(of cursor: LogCursor) -> Place {
        guard cursor != .start, let index = files.firstIndex(where: { $0.epoch == cursor.epoch }) else { return Place(file: 0, offset: 0) }
        // The only file of a log was emptied when it was full, so it may be shorter than it was.
        let offset = Int(cursor.offset)
        return Place(file: index, offset: offset <= files[index].size ? offset : 0)
    }

    /// False: `body` has enough.
    private func readFile(_ place: Place, _ body: (LogBatch) -> Bool) throws(DriverError) -> Bool {
        let file = files[place.file]
        if query.excludes(file) { return true }
        var offset = place.offset
        block.count = 0
        while offset + block.count < file.size {
            if isCancelled() { throw DriverError(ECANCELED, "reading the log was cancelled") }
            let before = block.count
            try file.read(offset + before, min(Self.blockSize, file.size - offset - before), into: block)
            if block.count == before { break }
            let (used, goesOn) = deliver(file, offset, body)
            if !goesOn { return false }
            block.drop(used)
            offset += used
        }
        return true
    }

    /// The whole records of the block. How many bytes they were, and whether `body` wants more.
    private func deliver(_ file: OpenFile, _ offset: Int, _ body: (LogBatch) -> Bool) -> (Int, Bool) {
        decoded.count = 0
        decoded.reserve(block.count)
        lines.removeAll(keepingCapacity: true)
        var start = 0
        while start < block.count, let newline = memchr(block.base + start, 0x0a, block.count - start) {
            let end = UnsafePointer(newline.assumingMemoryBound(to: UInt8.self)) - UnsafePointer(block.base)
            append(UnsafeBufferPointer(start: block.base + start, count: end - start), next: offset + end + 1, of: file)
            start = end + 1
            if lines.count == Self.batchSize && !flush(body) { return (start, false) }
        }
        return (start, flush(body))
    }

    private func append(_ line: UnsafeBufferPointer<UInt8>, next: Int, of file: OpenFile) {
        guard let record = Record(line), query.matches(record.time) else { return }
        let start = decoded.count
        guard JSONText.appendDecoded(record.text, to: decoded) else {
            decoded.count = start
            return
        }
        var length = decoded.count - start
        let isWhole = length > 0 && decoded.base[start + length - 1] == 0x0a
        if isWhole { length -= 1 }
        lines.append(
            gantry_log_line(
                data: gantry_bytes(ptr: decoded.base + start, len: length), time_ns: record.time,
                stream: UInt16(record.isStderr ? GANTRY_STREAM_STDERR : GANTRY_STREAM_STDOUT),
                flags: UInt16(isWhole ? 0 : GANTRY_LINE_PARTIAL), reserved: 0,
                next: gantry_log_cursor(epoch: file.epoch, offset: UInt64(next))))
    }

    private func flush(_ body: (LogBatch) -> Bool) -> Bool {
        if lines.isEmpty { return true }
        defer { lines.removeAll(keepingCapacity: true) }
        return lines.withUnsafeBufferPointer { body(LogBatch(raw: $0)) }
    }
}

extension LogQuery {
    /// Nothing in it is young enough.
    func excludes(_ file: OpenFile) -> Bool { file.lastTime > 0 && file.lastTime < since }

    func matches(_ time: Int64) -> Bool { (since == 0 || time >= since) && (until == 0 || time <= until) }
}
