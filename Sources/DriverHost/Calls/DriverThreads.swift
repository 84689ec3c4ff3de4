import LinuxSystem
import Synchronization

/// One driver's share of the blocking threads: a driver that hangs in many calls leaves the others theirs.
final class DriverThreads: Sendable {
    typealias Work = @Sendable () -> Void

    private struct State {
        var running = 0
        /// Grows by one for each call that was given up.
        var limit = 16
        var waiting = Queue<Work>()
    }

    private let state = Mutex(State())

    func submit(_ work: @escaping Work) {
        let starts = state.withLock { state in
            if state.running < state.limit {
                state.running += 1
                return true
            }
            state.waiting.append(work)
            return false
        }
        if starts { run(work) }
    }

    /// See `BlockingPool.replaceHungThread`, which is told as well.
    func replaceHungThread(_ isHung: Bool) {
        BlockingPool.shared.replaceHungThread(isHung)
        let next: Work? = state.withLock { state in
            state.limit += isHung ? 1 : -1
            guard isHung, let next = state.waiting.popFirst() else { return nil }
            state.running += 1
            return next
        }
        if let next { run(next) }
    }

    private func run(_ work: @escaping Work) {
        BlockingPool.shared.submit {
            work()
            self.finish()
        }
    }

    private func finish() {
        let next: Work? = state.withLock { state in
            if state.running <= state.limit, let next = state.waiting.popFirst() { return next }
            state.running -= 1
            return nil
        }
        if let next { run(next) }
    }
}
