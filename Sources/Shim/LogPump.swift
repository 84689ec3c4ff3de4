import CDriverABI
import EngineErrors
import Glibc
import LinuxSystem
import ShimProtocol

/// The container's log driver, on a thread of its own: while it hangs in there, the shim still hears and serves
/// everybody else.
final class LogPump {
    /// Seconds for `open`, and at the end for what is still to be written (Docker's).
    static let patience: Int64 = 10

    private let queue: LogQueue
    private let bell: Bell
    private let opening: Opening
    private unowned let loop: EventLoop
    private let path: String
    /// Where the driver writes.
    let stateDirectory: String
    /// Called after lines were written.
    var onWrite: () -> Void = {}

    /// Has the driver that the message names loaded and opened, which takes until `begin`; nil when it names none.
    init?(_ fields: Fields, _ loop: EventLoop) throws(EngineError) {
        path = fields.string(.logDriver)
        guard !path.isEmpty else { return nil }
        let queue = LogQueue(limit: fields.all(.logBuffer).isEmpty ? nil : Int(fields.number(.logBuffer)))
        let opening = Opening(deadline: monotonicTime() + Self.patience * 1_000_000_000)
        do throws(Errno) {
            let bell = try Bell()
            try JoinableThread("gantry-log") { LogThread.run(fields, queue, bell, opening) }.detach()
            self.bell = bell
        } catch { throw EngineError(.resourceExhausted, "the log has no thread: \(error)", errno: error.code) }
        self.queue = queue
        self.opening = opening
        self.loop = loop
        stateDirectory = fields.string(.logState)
    }

    /// Calls `body` when `begin` need not wait.
    func whenOpen(_ body: @escaping () -> Void) {
        loop.add(bell.descriptor, EventLoop.readable) { _ in body() }
        loop.limit(bell.descriptor, until: opening.deadline, body)
    }

    /// Waits until the driver is open, and has it write.
    /// - Parameter former: is ended, and its lines are written before the first of this one is.
    func begin(after former: LogPump? = nil) throws(EngineError) {
        loop.remove(bell.descriptor)
        guard let result = opening.wait() else {
            throw EngineError(.deadlineExceeded, "the log driver in \(path) did not return from open within \(Self.patience) s; the call was given up")
        }
        try result.get()
        if former != nil { queue.makeRoom() }
        opening.answer(.begin(after: former.map { ($0.queue, $0.bell) }))
        loop.add(bell.descriptor, EventLoop.readable) { [unowned self] _ in
            bell.answer()
            onWrite()
        }
    }

    /// Instead of `begin`.
    func giveUp() {
        loop.remove(bell.descriptor)
        opening.answer(.giveUp)
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
