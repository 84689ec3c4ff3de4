import Glibc
import LinuxSystem

/// Threads for calls that block, so that they never block the threads that tasks run on. It grows on demand; a thread
/// without work for some time ends, but for the last one.
public final class BlockingPool: Sendable {
    public static let shared = BlockingPool()

    private struct Work {
        var caller: StaticString
        var body: @Sendable () -> Void
    }
    private struct State {
        var work = Queue<Work>()
        var queued = 0, idle = 0, threads = 0, limit: Int
        /// Threads that hang in a call that was given up.
        var hung = 0
        /// What each thread does now, by the thread's number.
        var running: [Int: BlockingPoolStatus.Call] = [:]
        var lastThread = 0
    }

    private let state: WaitingLock<State>
    private let name: String
    private static let idleTime: Int64 = 30_000_000_000

    /// - Parameter name: of the threads, up to 15 bytes.
    public init(name: String = "gantry-blocking", limit: Int = 64) {
        self.name = name
        state = WaitingLock(State(limit: limit))
    }

    /// Runs `body` on a thread that may block. It isn't interrupted when the task is cancelled.
    /// - Parameter caller: who asks, for `system dump`.
    public func run<R: Sendable>(caller: StaticString = #function, _ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            submit(caller: caller) { continuation.resume(with: Result { try body() }) }
        }
    }

    func submit(caller: StaticString = "driver call", _ body: @escaping @Sendable () -> Void) {
        let needsThread = state.withLock { state in
            state.work.append(Work(caller: caller, body: body))
            state.queued += 1
            if state.idle >= state.queued {
                self.state.wakeOne()
                return false
            }
            guard state.threads < state.limit else { return false }
            state.threads += 1
            return true
        }
        if needsThread { startThread() }
    }

    /// One thread hangs in a call and may never come back: allow another one in its place, or take that back.
    func replaceHungThread(_ isHung: Bool) {
        state.withLock { state in
            state.limit += isHung ? 1 : -1
            state.hung += isHung ? 1 : -1
        }
    }

    public var status: BlockingPoolStatus {
        state.withLock { state in
            BlockingPoolStatus(
                threads: state.threads, idle: state.idle, limit: state.limit, hung: state.hung, queued: state.queued,
                running: state.running.values.sorted { $0.since < $1.since })
        }
    }

    private func startThread() {
        let code = OwnThread.start(name) { self.work() }
        if code == 0 { return }
        // The threads that exist serve the queue; without any, nobody ever would.
        let remaining = state.withLock { state in
            state.threads -= 1
            return state.threads
        }
        precondition(remaining > 0, "no thread can be made: \(String(cString: strerror(code)))")
    }

    private func work() {
        let number = state.withLock { state in
            state.lastThread += 1
            return state.lastThread
        }
        while true {
            switch next(number) {
            case .work(let work): work.body()
            case .nothing: continue
            case .end: return
            }
        }
    }

    private enum Next {
        case work(Work)
        case nothing, end
    }

    /// Waits for work; the end comes after a long time without any. The last thread stays: on a machine that has no
    /// more processes to give, it still serves the queue.
    private func next(_ thread: Int) -> Next {
        let end = monotonicTime() + Self.idleTime
        return state.wait(until: end, woken: { $0.idle -= 1 }) { state in
            state.running[thread] = nil
            if let work = state.work.popFirst() {
                state.queued -= 1
                state.running[thread] = BlockingPoolStatus.Call(caller: work.caller, since: monotonicTime())
                return .work(work)
            }
            if monotonicTime() >= end {
                if state.threads == 1 { return .nothing }
                state.threads -= 1
                return .end
            }
            state.idle += 1
            return nil
        }
    }
}
