import DriverHost
import DriverKit
import EngineErrors

/// A container's log, read through its driver; with `follow`, woken by the shim after each write.
actor ContainerLogStream: LogStream {
    nonisolated let isTerminal: Bool
    private let reader: LogReaderInstance
    private let request: LogRequest
    private var ticks: AsyncStream<Void>.AsyncIterator?
    private var cursor = LogCursor.start
    private var isFirst = true
    private var isOver = false

    init(reader: LogReaderInstance, request: LogRequest, isTerminal: Bool, ticks: AsyncStream<Void>?) {
        self.reader = reader
        self.request = request
        self.isTerminal = isTerminal
        self.ticks = ticks?.makeAsyncIterator()
    }

    func next() async throws -> [LogRecord]? {
        while true {
            let (lines, reachedEnd) = try await read()
            let wanted = lines.filter { $0.isStderr ? request.stderr : request.stdout }
            if !wanted.isEmpty {
                return wanted.map { LogRecord(bytes: $0.bytes, time: $0.time, isStderr: $0.isStderr, isPartial: $0.isPartial) }
            }
            guard reachedEnd else { continue }
            if isOver { return nil }
            try Task.checkCancellation()
            // Once more after the last tick: the container wrote, and ended.
            if await wait() == false { isOver = true }
        }
    }

    private func read() async throws(EngineError) -> (lines: [LogLineCopy], reachedEnd: Bool) {
        // The end of the log is the place behind its last line: "tail 0" reads that one and drops it.
        let skips = isFirst && request.tail == 0
        let query = LogQuery(from: cursor, since: skips ? 0 : request.since, until: request.until, tail: isFirst ? max(request.tail ?? Int.max, 1) : nil)
        let result = try await reader.read(query.tail == Int.max ? LogQuery(from: cursor, since: request.since, until: request.until) : query, limit: 256)
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
        await reader.close()
    }
}
