public import DriverKit
public import EngineErrors
import Synchronization

/// A line of a log, copied.
public struct LogLineCopy: Sendable, Equatable {
    /// Without the newline.
    public var bytes: [UInt8]
    /// ns since 1970.
    public var time: Int64
    public var isStderr: Bool
    /// The line goes on in the next one of its stream.
    public var isPartial: Bool
    /// Where to go on after this line.
    public var next: LogCursor

    public init(bytes: [UInt8], time: Int64, isStderr: Bool, isPartial: Bool, next: LogCursor) {
        self.bytes = bytes
        self.time = time
        self.isStderr = isStderr
        self.isPartial = isPartial
        self.next = next
    }

    init(_ line: LogLine) {
        self.init(bytes: Array(line.bytes), time: line.time, isStderr: line.isStderr, isPartial: line.isPartial, next: line.next)
    }
}

/// One reader of one container's log.
public final class LogReaderInstance: Sendable {
    private let driver: any LogDriver & Sendable
    private let calls: InstanceCalls
    private let isClosed = Atomic(false)

    init(_ driver: any LogDriver & Sendable, _ calls: InstanceCalls) {
        self.driver = driver
        self.calls = calls
    }

    /// Up to `limit` lines; go on with `query.from` = `next` of the last one (and no `tail`).
    /// - Returns: `reachedEnd`: there was nothing more at that moment.
    public func read(_ query: LogQuery, limit: Int) async throws(EngineError) -> (lines: [LogLineCopy], reachedEnd: Bool) {
        let (lines, reachedEnd) = try await calls.run("read") { [driver] in
            var lines: [LogLineCopy] = []
            var reachedEnd = true
            try driver.read(query) { batch in
                for line in batch {
                    if lines.count == limit {
                        reachedEnd = false
                        return false
                    }
                    lines.append(LogLineCopy(line))
                }
                return true
            }
            return (lines, reachedEnd)
        }
        return (lines, reachedEnd)
    }

    /// Deletes what the driver stored of this log, where it stores anything.
    public func remove() async throws(EngineError) {
        try await calls.run("remove") { [driver] in try driver.remove() }
    }

    /// Last call. Without it the reader closes when its last user forgets it.
    public func close() async {
        if isClosed.exchange(true, ordering: .acquiringAndReleasing) { return }
        do throws(EngineError) { try await calls.run("close") { [driver] in driver.close() } } catch {
            // It hangs, and it closes when that call returns.
        }
    }

    deinit {
        if !isClosed.load(ordering: .acquiring) { calls.runLast { [driver] in driver.close() } }
    }
}
