import CDriverABI
import EngineErrors
import Glibc
import LinuxSystem
import ShimProtocol

/// The container's log driver, on a thread of its own: while it hangs in there, the shim still hears and serves
/// everybody else.
final class LogPump {
    /// Seconds for `open`, and at the end for what is still to be written (Docker's).
    private static let patience: Int64 = 10

    private let queue: LogQueue
    private let bell: Bell
    private unowned let loop: EventLoop
    /// Where the driver writes.
    let stateDirectory: String
    /// Called after lines were written.
    var onWrite: () -> Void = {}

    /// Loads and opens the driver that the message names; nil when it names none.
    /// - Parameter former: is ended, and its lines are written before the first of this one is.
    init?(_ fields: Fields, _ loop: EventLoop, after former: LogPump? = nil) throws(EngineError) {
        let path = fields.string(.logDriver)
        guard !path.isEmpty else { return nil }
        let queue = LogQueue(limit: fields.all(.logBuffer).isEmpty ? nil : Int(fields.number(.logBuffer)))
        let opening = Opening()
        do throws(Errno) {
            let bell = try Bell()
            let before = former.map { former in (queue: former.queue, bell: former.bell) }
            try JoinableThread("gantry-log") {
                LogThread.run(fields, queue, bell, opening) {
                    before?.queue.end(within: Self.patience)
                    before?.bell.ring()
                }
            }.detach()
            self.bell = bell
        } catch { throw EngineError(.resourceExhausted, "the log has no thread: \(error)", errno: error.code) }
        self.queue = queue
        self.loop = loop
        stateDirectory = fields.string(.logState)
        guard let result = opening.wait(seconds: Self.patience) else {
            throw EngineError(.deadlineExceeded, "the log driver in \(path) did not return from open within \(Self.patience) s; the call was given up")
        }
        try result.get()
        loop.add(bell.descriptor, EventLoop.readable) { [unowned self] _ in
            bell.answer()
            onWrite()
        }
    }

    /// The reader of the container's output should wait.
    var isFull: Bool { queue.isFull }

    /// Lines that are in no log.
    var lost: Int { queue.lost }

    /// Stamps the lines and hands them on. Does not block.
    func write(_ lines: [gantry_log_line]) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let time = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
        var stamped = lines
        for index in stamped.indices { stamped[index].time_ns = time }
        queue.append(stamped)
    }

    /// For one that has a successor: calls `body` once when its lines are written, or given up.
    func whenOver(_ body: @escaping () -> Void) {
        loop.remove(bell.descriptor)
        loop.add(bell.descriptor, EventLoop.readable) { [self] _ in
            bell.answer()
            guard queue.isOver else { return onWrite() }
            loop.remove(bell.descriptor)
            body()
        }
    }

    /// Everything is written first, unless the driver does not take it.
    func close() {
        loop.remove(bell.descriptor)
        queue.end(within: Self.patience)
    }
}
