import Synchronization

/// Lets calls through, except while it is held: then those that come wait, and whoever holds it knows when the last
/// one that was inside is out.
final class Gate: Sendable {
    private struct State {
        var inside = 0
        var isHeld = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// The holder, who waits for those inside.
        var holder: CheckedContinuation<Bool, Never>?
    }

    private let state = Mutex(State())

    var status: GateStatus { state.withLock { GateStatus(inside: $0.inside, isHeld: $0.isHeld, waiting: $0.waiting.count) } }

    func enter() async {
        if state.withLock({ Self.admit(&$0) }) { return }
        await withCheckedContinuation { continuation in
            let isIn = state.withLock { state in
                if Self.admit(&state) { return true }
                state.waiting.append(continuation)
                return false
            }
            if isIn { continuation.resume() }
        }
    }

    private static func admit(_ state: inout State) -> Bool {
        if state.isHeld { return false }
        state.inside += 1
        return true
    }

    func leave() {
        let holder = state.withLock { state in
            state.inside -= 1
            return state.inside == 0 ? Self.takeHolder(&state) : nil
        }
        holder?.resume(returning: true)
    }

    /// Closes the gate and waits until nobody is inside. One holder at a time.
    /// - Returns: false: it took longer than `limit`; the gate is open again.
    func hold(atMost limit: Duration) async -> Bool {
        let timer = Task.detached {
            try? await Task.sleep(for: limit)
            self.state.withLock { Self.takeHolder(&$0) }?.resume(returning: false)
        }
        let isEmpty = await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                state.isHeld = true
                if state.inside == 0 { return true }
                state.holder = continuation
                return false
            }
            if isEmpty { continuation.resume(returning: true) }
        }
        timer.cancel()
        if !isEmpty { open() }
        return isEmpty
    }

    private static func takeHolder(_ state: inout State) -> CheckedContinuation<Bool, Never>? {
        defer { state.holder = nil }
        return state.holder
    }

    /// Ends a `hold`; those who wait go in.
    func open() {
        let waiting = state.withLock { state in
            state.isHeld = false
            state.inside += state.waiting.count
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// A gate at one moment.
public struct GateStatus: Sendable, Equatable {
    /// Calls that were let through and are not out yet.
    public var inside: Int
    /// Closed, for an upgrade.
    public var isHeld: Bool
    public var waiting: Int
}
