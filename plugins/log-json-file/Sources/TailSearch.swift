import DriverKit
import Glibc
import LogKit

/// Finds where the last lines begin, reading backwards from the end.
final class TailSearch {
    private static let blockSize = 64 * 1024

    private let files: [OpenFile]
    private let query: LogQuery
    private let oldest: LogReader.Place
    private let isCancelled: () -> Bool

    /// - Parameter oldest: nothing before it counts.
    init(_ files: [OpenFile], _ query: LogQuery, from oldest: LogReader.Place, _ isCancelled: @escaping () -> Bool) {
        self.files = files
        self.query = query
        self.oldest = oldest
        self.isCancelled = isCancelled
    }

    /// Where the last `count` lines that match begin. A line in several parts counts once.
    func start(_ count: Int) throws(DriverError) -> LogReader.Place {
        if count <= 0 { return LogReader.Place(file: files.count, offset: 0) }
        var missing = count
        for index in files.indices.reversed() where index >= oldest.file && !query.excludes(files[index]) {
            let floor = index == oldest.file ? oldest.offset : 0
            if let offset = try search(files[index], floor, &missing) { return LogReader.Place(file: index, offset: offset) }
        }
        return oldest
    }

    /// nil: the file has no more than `missing` lines, of which it took its own.
    private func search(_ file: OpenFile, _ floor: Int, _ missing: inout Int) throws(DriverError) -> Int? {
        let buffer = ByteBuffer(capacity: Self.blockSize)
        var end = file.size
        var length = Self.blockSize
        while end > floor {
            if isCancelled() { throw DriverError(ECANCELED, "reading the log was cancelled") }
            let start = max(floor, end - length)
            buffer.count = 0
            try file.read(start, end - start, into: buffer)
            // The first line of a block may begin before it.
            guard let first = start == floor ? 0 : Self.newline(buffer, from: 0).map({ $0 + 1 }), first < buffer.count else {
                length *= 2
                continue
            }
            if let place = scan(buffer, first, &missing) { return start + place }
            end = start + first
            length = Self.blockSize
        }
        return nil
    }

    /// Whole lines from the end of the buffer down to `first`. Where the tail begins, if it begins here.
    private func scan(_ buffer: ByteBuffer, _ first: Int, _ missing: inout Int) -> Int? {
        var end = buffer.count
        while end > first {
            let start = max(first, (Self.lastNewline(buffer, before: end - 1) ?? -1) + 1)
            if let record = Record(UnsafeBufferPointer(start: buffer.base + start, count: end - 1 - start)), query.matches(record.time), record.endsLine {
                if missing == 0 { return end }
                missing -= 1
            }
            end = start
        }
        return nil
    }

    private static func newline(_ buffer: ByteBuffer, from start: Int) -> Int? {
        guard let found = memchr(buffer.base + start, 0x0a, buffer.count - start) else { return nil }
        return UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - UnsafePointer(buffer.base)
    }

    private static func lastNewline(_ buffer: ByteBuffer, before end: Int) -> Int? {
        var index = end - 1
        while index >= 0 {
            if buffer.base[index] == 0x0a { return index }
            index -= 1
        }
        return nil
    }
}
