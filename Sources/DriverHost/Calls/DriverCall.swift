import EngineErrors
import LinuxSystem
import Synchronization

/// A call that waits for its turn, runs on a blocking thread, and is answered once: by its result or by its deadline.
protocol PendingCall: AnyObject, Sendable {
    /// On a blocking thread. Returns when the driver does, however late.
    func run()
    /// Answers a call that hasn't begun.
    func fail(_ error: EngineError)
    /// Looks at the clock (ns, monotonic). False: there is nothing more to watch.
    func tick(_ now: Int64) -> Bool
}

/// When a call is asked to stop, and when nobody waits for it any longer.
struct CallLimits: Sendable {
    /// ns from its begin.
    var deadline: Int64
    /// ns after that, given to the driver to obey `cancel`.
    var grace: Int64 = 1_000_000_000
    var start = StartPatience(limit: nil)
    /// Told of a call that was given up.
    var tell: @Sendable (_ driver: DriverDescription, _ message: String) -> Void = { _, _ in }
}

/// What becomes of a call that is late.
struct CallEvents: Sendable {
    /// Asks the driver to return. May block.
    var cancelDriver: @Sendable () -> Void
    /// The call is given up, its thread still in it.
    var abandoned: @Sendable () -> Void
    /// An abandoned call came back after all.
    var returned: @Sendable () -> Void
    /// The driver returned, or was given up: ns that it took and whether it failed.
    var measured: @Sendable (_ time: Int64, _ failed: Bool) -> Void
    /// Where the calls under way are noted.
    var counters: CallCounters
    /// Names the instance: "log driver json-file".
    var subject: String
}

final class DriverCall<R: Sendable>: PendingCall {
    typealias Answer = CheckedContinuation<Result<R, EngineError>, Never>
    private enum Phase { case waiting, running, cancelled, abandoned, done }
    private struct State {
        var phase = Phase.waiting
        var begin: Int64 = 0
        var answer: Answer?
    }

    private let state = Mutex(State())
    private let body: @Sendable () -> Result<R, EngineError>
    private let limits: CallLimits
    private let events: CallEvents
    /// Cancelling the task that waits may cancel the driver's call: it is the only one of its instance.
    private let isAlone: Bool
    private let operation: String

    init(_ operation: String, limits: CallLimits, events: CallEvents, isAlone: Bool, _ body: @escaping @Sendable () -> Result<R, EngineError>) {
        self.operation = operation
        self.limits = limits
        self.events = events
        self.isAlone = isAlone
        self.body = body
    }

    /// Who waits. False: the call is over already.
    func attach(_ answer: Answer) -> Bool {
        state.withLock { state in
            if state.phase == .done { return false }
            state.answer = answer
            events.counters.wait(ObjectIdentifier(self), RunningCall(operation: operation, begin: monotonicTime()))
            return true
        }
    }

    func run() {
        let begin: Int64? = state.withLock { state in
            guard state.phase == .waiting else { return nil }
            state.phase = .running
            state.begin = monotonicTime()
            return state.begin
        }
        guard let begin else { return }
        events.counters.begin(ObjectIdentifier(self), RunningCall(operation: operation, begin: begin))
        Watchdog.shared.watch(self)
        let result = body()
        Watchdog.shared.forget(self)
        events.counters.end(ObjectIdentifier(self))
        guard finish(result) else { return events.returned() }
        var failed = false
        if case .failure = result { failed = true }
        events.measured(monotonicTime() - begin, failed)
    }

    func fail(_ error: EngineError) {
        let answer: Answer? = state.withLock { state in
            guard state.phase == .waiting else { return nil }
            state.phase = .done
            events.counters.forget(ObjectIdentifier(self))
            defer { state.answer = nil }
            return state.answer
        }
        answer?.resume(returning: .failure(error))
    }

    /// The task that waits was cancelled.
    func cancelByCaller() {
        let phase = state.withLock { $0.phase }
        if phase == .waiting { return fail(EngineError(.cancelled, "the request was cancelled")) }
        if phase == .running && isAlone { askDriver() }
    }

    func tick(_ now: Int64) -> Bool {
        let (phase, begin) = state.withLock { ($0.phase, $0.begin) }
        switch phase {
        case .running where now >= begin + limits.deadline: askDriver()
        case .running, .cancelled: break
        default: return false
        }
        guard now >= begin + limits.deadline + limits.grace else { return true }
        abandon(now - begin)
        return false
    }

    private func askDriver() {
        let isFirst = state.withLock { state in
            defer { if state.phase == .running { state.phase = .cancelled } }
            return state.phase == .running
        }
        if isFirst { BlockingPool.shared.submit(events.cancelDriver) }
    }

    private func abandon(_ time: Int64) {
        let answer: Answer? = state.withLock { state in
            guard state.phase == .cancelled || state.phase == .running else { return nil }
            state.phase = .abandoned
            // Under the lock: `returned` must come after it.
            events.abandoned()
            events.measured(time, true)
            defer { state.answer = nil }
            return state.answer
        }
        answer?.resume(
            returning: .failure(
                EngineError(
                    .deadlineExceeded, "\(events.subject) did not return from \(operation) within \(time / 1_000_000) ms; the call was given up")))
    }

    /// False: it was given up before.
    private func finish(_ result: Result<R, EngineError>) -> Bool {
        let (isWanted, answer): (Bool, Answer?) = state.withLock { state in
            if state.phase == .abandoned { return (false, nil) }
            state.phase = .done
            defer { state.answer = nil }
            return (true, state.answer)
        }
        answer?.resume(returning: result)
        return isWanted
    }
}
