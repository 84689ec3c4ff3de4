import LinuxSystem
import Synchronization

/// A queue for one object: steps that must not overlap enter one after the other, first come first served. It can say
/// what runs in it, since when, and what that waits for; `LaneBoard` has those in which something runs.
final class Lane: Sendable {
    private struct Waiting {
        var step: LaneStatus.Step
        var continuation: CheckedContinuation<Void, Never>
    }
    private struct State {
        var subject: String
        var running: LaneStatus.Step?
        var reason: LaneStatus.Reason?
        var waiting: [Waiting] = []
    }

    private let state: Mutex<State>

    /// - Parameter subject: what it is the lane of, for people: "container web".
    init(_ subject: String) { state = Mutex(State(subject: subject)) }

    /// - Parameter step: the name of what `body` does: "stop".
    func run<R, Failure: Error>(_ step: String, _ body: () async throws(Failure) -> R) async throws(Failure) -> R {
        await enter(step)
        defer { leave() }
        return try await body()
    }

    /// Runs `body` only if nothing else does. - Returns: whether it did.
    func runIfIdle(_ step: String, _ body: () async -> Void) async -> Bool {
        let isIdle = state.withLock { state in
            guard state.running == nil else { return false }
            state.running = LaneStatus.Step(name: step, since: monotonicTime())
            return true
        }
        guard isIdle else { return false }
        LaneBoard.shared.add(self)
        defer { leave() }
        await body()
        return true
    }

    /// What the step that runs waits for from now on, until it says something else.
    /// - Parameter seconds: after that many it waits no longer; nil: as long as it takes.
    func waits(for what: String, atMost seconds: Int? = nil) {
        let now = monotonicTime()
        state.withLock { $0.reason = LaneStatus.Reason(text: what, since: now, until: seconds.map { now + Int64($0) * 1_000_000_000 }) }
    }

    func rename(_ subject: String) { state.withLock { $0.subject = subject } }

    var isIdle: Bool { state.withLock { $0.running == nil } }

    /// nil: nothing runs in it.
    var status: LaneStatus? {
        state.withLock { state in
            state.running.map { LaneStatus(subject: state.subject, running: $0, reason: state.reason, waiting: state.waiting.map(\.step)) }
        }
    }

    /// To be followed by `leave`.
    func enter(_ name: String) async {
        let step = LaneStatus.Step(name: name, since: monotonicTime())
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.running != nil {
                    state.waiting.append(Waiting(step: step, continuation: continuation))
                    return false
                }
                state.running = step
                return true
            }
            guard isFree else { return }
            LaneBoard.shared.add(self)
            continuation.resume()
        }
    }

    func leave() {
        let next: Waiting? = state.withLock { state in
            state.reason = nil
            state.running = nil
            if state.waiting.isEmpty { return nil }
            let next = state.waiting.removeFirst()
            state.running = LaneStatus.Step(name: next.step.name, since: monotonicTime())
            return next
        }
        if let next { next.continuation.resume() } else { LaneBoard.shared.remove(self) }
    }
}
