import EngineErrors
import LinuxSystem
import Synchronization

/// Calls of one instance, one after the other, in the order they came.
final class Lane: Sendable {
    private struct State {
        var waiting = Queue<any PendingCall>()
        var isBusy = false
        var isStuck = false
    }

    private let state = Mutex(State())
    private let subject: String
    private let threads: DriverThreads

    init(subject: String, threads: DriverThreads) {
        self.subject = subject
        self.threads = threads
    }

    var isStuck: Bool { state.withLock { $0.isStuck } }

    func submit(_ call: any PendingCall) {
        enum Step { case fail, wait, start }
        let step: Step = state.withLock { state in
            if state.isStuck { return .fail }
            state.waiting.append(call)
            defer { state.isBusy = true }
            return state.isBusy ? .wait : .start
        }
        switch step {
        case .fail: call.fail(stuckError)
        case .wait: break
        case .start: threads.submit { self.drain() }
        }
    }

    /// The call under way was given up: nobody may call the instance until it comes back.
    func becomeStuck() {
        let waiting = state.withLock { state in
            state.isStuck = true
            return state.waiting.takeAll()
        }
        for call in waiting { call.fail(stuckError) }
    }

    func recover() { state.withLock { $0.isStuck = false } }

    private var stuckError: EngineError {
        EngineError(.unavailable, "\(subject) hangs in an earlier call; it serves again when that returns, or after a restart of the daemon")
    }

    private func drain() {
        while let call = next() { call.run() }
    }

    private func next() -> (any PendingCall)? {
        state.withLock { state in
            let call = state.waiting.popFirst()
            if call == nil { state.isBusy = false }
            return call
        }
    }
}
