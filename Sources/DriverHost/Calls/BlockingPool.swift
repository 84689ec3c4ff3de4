import Glibc
import LinuxSystem

/// Threads for calls that block, so that they never block the threads that tasks run on. It grows on demand; a thread
/// without work for some time ends.
public final class BlockingPool: Sendable {
    public static let shared = BlockingPool()

    private struct State {
        var work = Queue<@Sendable () -> Void>()
        var queued = 0, idle = 0, threads = 0, limit: Int
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
    public func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            submit { continuation.resume(with: Result { try body() }) }
        }
    }

    func submit(_ work: @escaping @Sendable () -> Void) {
        let needsThread = state.withLock { state in
            state.work.append(work)
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
    func replaceHungThread(_ isHung: Bool) { state.withLock { $0.limit += isHung ? 1 : -1 } }

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
        while case .work(let work) = next() { work() }
    }

    private enum Next {
        case work(@Sendable () -> Void)
        case end
    }

    /// Waits for work; the end comes after a long time without any.
    private func next() -> Next {
        let end = monotonicTime() + Self.idleTime
        return state.wait(until: end, woken: { $0.idle -= 1 }) { state in
            if let work = state.work.popFirst() {
                state.queued -= 1
                return .work(work)
            }
            if monotonicTime() >= end {
                state.threads -= 1
                return .end
            }
            state.idle += 1
            return nil
        }
    }
}
