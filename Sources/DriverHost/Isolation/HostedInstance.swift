import DriverKit
import EngineErrors
import Glibc
import Synchronization

/// One instance of an isolated driver: its process, and the next one when that ends.
///
/// A call that finds the process gone starts it again, at once the first time and ever later after that. A call during
/// which it ends fails and is not repeated: nobody knows how far it came.
final class HostedInstance: Sendable {
    /// Tells how a process ended.
    typealias Crashed = @Sendable (_ how: String) -> Void

    private struct State {
        var process: HostProcess?
        /// In a row.
        var failures = 0
        var started = ContinuousClock.Instant.now
        var isClosed = false
    }

    private let launch: HostLaunch
    private let context: OpenContext
    private let subject: String
    private let crashed: Crashed
    private let state = Mutex(State())
    /// Held by the thread that starts a process.
    private let starting = Mutex(())
    /// A process that lived so long starts again at once.
    private static let steadyTime: Duration = .seconds(60)

    /// Starts the process and opens the instance in it. Blocks.
    init(_ subject: String, _ launch: HostLaunch, _ context: OpenContext, _ crashed: @escaping Crashed) throws {
        self.launch = launch
        self.context = context
        self.crashed = crashed
        self.subject = subject
        _ = try process()
    }

    func call(
        _ call: HostCall, descriptor: Int32 = -1, lines: ((LogBatch) -> Bool)? = nil, _ put: (inout MessageWriter) -> Void
    ) throws -> MessageReader {
        var message = MessageWriter(call.rawValue)
        put(&message)
        let process = try process()
        do { return try process.call(message.finished(), descriptor: descriptor, lines: lines) } catch let end as HostProcess.Ended {
            lost(process, end.how)
            throw DriverError(EIO, "\(end.how) in \(call.name); it is started again for the next call")
        }
    }

    func cancel() { state.withLock { $0.process }?.cancel() }

    /// The call under way hangs: ends the process, and with it the call.
    func abandon() {
        if let process = state.withLock({ $0.process }) { lost(process, "a call did not return and its process was ended") }
    }

    func close() {
        let process = state.withLock { state in
            state.isClosed = true
            defer { state.process = nil }
            return state.process
        }
        try? process?.close()
    }

    private func process() throws -> HostProcess {
        if let process = living { return process }
        return try starting.withLock { _ in
            if let process = living { return process }
            let (dead, isClosed) = state.withLock { ($0.process, $0.isClosed) }
            if isClosed { throw DriverError(EBADF, "\(subject) is closed") }
            if let dead { lost(dead, dead.isGone ? "its process ended" : "") }
            try waitForTurn()
            return try start()
        }
    }

    private var living: HostProcess? {
        let process = state.withLock { $0.process }
        return process?.isGone == false ? process : nil
    }

    private func start() throws -> HostProcess {
        let process = try launch.spawn()
        // Known before it can hang, so that `abandon` reaches it.
        state.withLock { state in
            state.process = process
            state.started = .now
        }
        do {
            _ = try process.greeting(launch.path)
            try process.open(context)
        } catch let end as HostProcess.Ended {
            lost(process, end.how)
            throw DriverError(EIO, "\(end.how) in open")
        } catch {
            lost(process, "")
            throw error
        }
        return process
    }

    /// After a second failure in a row: 100 ms, 200 ms, … 30 s.
    private func waitForTurn() throws {
        let (failures, started) = state.withLock { ($0.failures, $0.started) }
        if failures < 2 { return }
        let pause = min(Duration.seconds(30), .milliseconds(100 << min(failures - 2, 12)))
        let rest = started + pause - .now
        if rest > .zero {
            throw DriverError(EAGAIN, "\(subject) ended \(failures) times in a row; it is started again in \(rest.components.seconds + 1) s")
        }
    }

    private func lost(_ process: HostProcess, _ how: String) {
        let isFirst = state.withLock { state in
            guard state.process === process else { return false }
            state.process = nil
            state.failures = ContinuousClock.now - state.started > Self.steadyTime ? 1 : state.failures + 1
            return true
        }
        process.kill()
        if isFirst && !how.isEmpty { crashed(how) }
    }
}
