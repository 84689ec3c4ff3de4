import EngineErrors
import Synchronization

/// While the engine starts, a driver that hangs must not hold up everything else: calls get less time than usual, and a
/// driver that once did not return is not called again until the start is over.
final class StartPatience: Sendable {
    private struct State {
        var isOver: Bool
        /// Subjects: "the storage driver btrfs".
        var late: Set<String> = []
    }

    /// ns for one call.
    private let limit: Int64
    private let state: Mutex<State>

    /// nil: the start is over.
    init(limit: Int64?) {
        self.limit = limit ?? .max
        state = Mutex(State(isOver: limit == nil))
    }

    func end() { state.withLock { $0.isOver = true } }

    /// ns that a call may take that usually gets `usual`.
    /// - Throws: `.unavailable` for a driver that did not return before.
    func deadline(_ subject: String, usual: Int64) throws(EngineError) -> Int64 {
        let (isOver, isLate) = state.withLock { ($0.isOver, $0.late.contains(subject)) }
        if isOver { return usual }
        if isLate { throw EngineError(.unavailable, "\(subject) did not return from an earlier call while the engine starts, and is called again when it has started") }
        return min(usual, limit)
    }

    func note(late subject: String) { state.withLock { if !$0.isOver { $0.late.insert(subject) } } }
}
