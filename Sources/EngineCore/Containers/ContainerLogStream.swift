import DriverHost
import DriverKit
import EngineErrors

/// A container's log, read through its drivers, one part after the other; with `follow`, woken by the shim after each
/// write.
actor ContainerLogStream: LogStream {
    /// What is behind a number of a part.
    enum Part: Sendable {
        case reader(LogReaderInstance)
        /// It exists, and its driver can't show it.
        case unreadable
        case none
    }
    typealias Parts = @Sendable (_ number: Int) async throws -> Part

    nonisolated let isTerminal: Bool
    private let request: LogRequest
    private let parts: Parts
    private var ticks: AsyncStream<Void>.AsyncIterator?
    private var reader: LogReaderInstance?
    /// Of the part that is read.
    private var number = -1
    private var cursor = LogCursor.start
    /// Lines from the end that are wanted of this part; nil: all.
    private var tail: Int?
    private var isFirst = true
    /// What comes after the part that is read.
    private var later: (number: Int, reader: LogReaderInstance)?
    private var isOver = false

    init(request: LogRequest, isTerminal: Bool, ticks: AsyncStream<Void>?, parts: @escaping Parts) {
        self.request = request
        self.isTerminal = isTerminal
        self.ticks = ticks?.makeAsyncIterator()
        self.parts = parts
    }

    /// Goes to the part in which the wanted lines begin.
    /// - Throws: `.unsupported` when no part can be read.
    func open() async throws {
        var readers: [(number: Int, reader: LogReaderInstance)] = [], count = 0
        while true {
            let part = try await parts(count)
            if case .none = part { break }
            if case .reader(let reader) = part { readers.append((count, reader)) }
            count += 1
        }
        guard !readers.isEmpty else { throw EngineError(.unsupported, "configured logging driver does not support reading") }
        tail = request.tail
        var chosen = tail == nil ? 0 : readers.count - 1
        while let wanted = tail, wanted > 0, chosen > 0 {
            let found = try await Self.count(readers[chosen].reader, request, wanted)
            if found >= wanted { break }
            tail = wanted - found
            chosen -= 1
        }
        (number, reader) = readers[chosen]
        for (index, other) in readers.enumerated() where index != chosen { await other.reader.close() }
    }

    /// How many of the last `limit` wanted lines a part has.
    private static func count(_ reader: LogReaderInstance, _ request: LogRequest, _ limit: Int) async throws -> Int {
        var query = LogQuery(since: request.since, until: request.until, tail: limit), count = 0
        while true {
            let (lines, reachedEnd) = try await reader.read(query, limit: 1024)
            count += lines.count { !$0.isPartial }
            guard let last = lines.last, !reachedEnd else { return count }
            query = LogQuery(from: last.next, since: request.since, until: request.until)
        }
    }

    func next() async throws -> [LogRecord]? {
        while let reader {
            let (lines, reachedEnd) = try await read(reader)
            let wanted = lines.filter { $0.isStderr ? request.stderr : request.stdout }
            if !wanted.isEmpty {
                return wanted.map { LogRecord(bytes: $0.bytes, time: $0.time, isStderr: $0.isStderr, isPartial: $0.isPartial) }
            }
            guard reachedEnd else { continue }
            if later != nil {
                await moveOn()
                continue
            }
            // Once more: lines may have come between the end and the change.
            later = try await laterPart()
            if later != nil { continue }
            if isOver { return nil }
            try Task.checkCancellation()
            // Once more after the last tick: the container wrote, and ended.
            if await wait() == false { isOver = true }
        }
        return nil
    }

    /// The next part that can be read; this one then gets no more lines.
    private func laterPart() async throws -> (number: Int, reader: LogReaderInstance)? {
        var candidate = number + 1
        while true {
            switch try await parts(candidate) {
            case .reader(let reader): return (candidate, reader)
            case .unreadable: candidate += 1
            case .none: return nil
            }
        }
    }

    private func moveOn() async {
        guard let next = later.take() else { return }
        await reader?.close()
        (number, reader) = next
        cursor = .start
        tail = nil
    }

    private func read(_ reader: LogReaderInstance) async throws(EngineError) -> (lines: [LogLineCopy], reachedEnd: Bool) {
        // The end of the log is the place behind its last line: "tail 0" reads that one and drops it.
        let skips = isFirst && tail == 0
        let query = LogQuery(from: cursor, since: skips ? 0 : request.since, until: request.until, tail: isFirst ? tail.map { max($0, 1) } : nil)
        let result = try await reader.read(query, limit: 256)
        isFirst = false
        if let last = result.lines.last { cursor = last.next }
        return skips ? (lines: [], reachedEnd: result.reachedEnd) : result
    }

    /// False: nothing will come any more.
    private func wait() async -> Bool {
        guard var iterator = ticks else { return false }
        let tick: Void? = await iterator.next(isolation: #isolation)
        ticks = iterator
        return tick != nil
    }

    func close() async {
        ticks = nil
        await reader?.close()
        await later?.reader.close()
    }
}
