import CDriverABI
import Glibc
import LinuxSystem

/// Lines of one read, with their bytes one behind the other.
struct LogLines {
    /// What a line takes besides its bytes.
    private static let overhead = MemoryLayout<gantry_log_line>.size
    /// Their pointers mean nothing.
    private var lines: [gantry_log_line] = []
    private var bytes: [UInt8] = []

    var count: Int { lines.count }
    var size: Int { bytes.count + count * Self.overhead }

    static func size(_ line: gantry_log_line) -> Int { line.data.len + overhead }

    mutating func append(_ line: gantry_log_line) {
        bytes += UnsafeRawBufferPointer(start: line.data.ptr, count: line.data.len)
        lines.append(line)
    }

    /// The lines as a driver takes them, for the time of one call.
    func withBuffer<R>(_ body: (UnsafeBufferPointer<gantry_log_line>) throws -> R) rethrows -> R {
        var lines = lines
        return try bytes.withUnsafeBytes { bytes in
            var place = 0
            for index in lines.indices {
                lines[index].data.ptr = bytes.baseAddress.map { UnsafeRawPointer($0 + place) }
                place += lines[index].data.len
            }
            return try lines.withUnsafeBufferPointer(body)
        }
    }
}

/// Lines on their way from the shim's thread to the log driver's. Without a limit it takes everything, and whoever fills
/// it asks `isFull` before he reads on; with one (Docker's `mode=non-blocking`) it drops what does not fit.
final class LogQueue: Sendable {
    private struct State {
        var waiting = Queue<LogLines>()
        var size = 0, lost = 0
        var room = LogQueue.comfort
        var isEnding = false, isWritten = false, isClosed = false, isOver = false
    }

    /// So many bytes wait before a container does.
    private static let comfort = 64 << 10
    /// The same while the log before this one is being ended. Then it shrinks as the driver writes: what has come
    /// meanwhile slows the container down, and does not stop it.
    private static let most = 1 << 20
    private let limit: Int?
    private let state = WaitingLock(State())

    /// - Parameter limit: bytes.
    init(limit: Int?) { self.limit = limit }

    var isFull: Bool { limit == nil && state.withLock { $0.size > $0.room } }
    /// `end` has returned.
    var isOver: Bool { state.withLock { $0.isOver } }
    /// Lines that were dropped, or that the driver did not take.
    var lost: Int { state.withLock { $0.lost } }
    func lose(_ lines: Int) { state.withLock { $0.lost += lines } }

    /// Its driver has to wait for another one.
    func makeRoom() { state.withLock { $0.room = Self.most } }

    /// Never blocks. A line that does not fit is dropped, unless nothing waits.
    func append(_ lines: [gantry_log_line]) {
        state.withLock { state in
            var batch = LogLines()
            for line in lines {
                let size = LogLines.size(line)
                if let limit, state.size > 0, state.size + size > limit {
                    state.lost += 1
                    continue
                }
                state.size += size
                batch.append(line)
            }
            if batch.count == 0 { return }
            state.waiting.append(batch)
            self.state.wakeOne()
        }
    }

    /// Waits for lines. nil: the queue was ended, and is empty.
    func next() -> LogLines? {
        state.wait(woken: { _ in }) { state -> LogLines?? in
            if let batch = state.waiting.popFirst() {
                state.size -= batch.size
                state.room = max(Self.comfort, state.room - batch.size / 2)
                return .some(batch)
            }
            return state.isEnding ? .some(nil) : nil
        }
    }

    /// The driver's thread has written everything, and will close the driver.
    func written() {
        state.withLock {
            $0.isWritten = true
            state.wakeOne()
        }
    }

    /// It has closed the driver.
    func finished() {
        state.withLock {
            $0.isClosed = true
            state.wakeOne()
        }
    }

    /// Waits for `finished`, or only for `written`. After so many seconds what is left is lost, and the thread is left in
    /// the driver.
    func end(within seconds: Int64, closed: Bool = true) {
        let deadline = monotonicTime() + seconds * 1_000_000_000
        state.withLock {
            $0.isEnding = true
            state.wakeOne()
        }
        state.wait(until: deadline, woken: { _ in }) { state -> Void? in
            guard (closed ? state.isClosed : state.isWritten) || monotonicTime() >= deadline else { return nil }
            state.isOver = true
            state.lost += state.waiting.takeAll().reduce(0) { $0 + $1.count }
            return ()
        }
    }
}
