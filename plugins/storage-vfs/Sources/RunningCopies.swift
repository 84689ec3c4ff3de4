import Synchronization

/// The copies that go on now. The engine's `cancel` names no call; it means the one whose time is up, which is the one
/// that has run longest.
final class RunningCopies: Sendable {
    final class Copy: Sendable {
        private let state = Atomic(false)
        var mayGoOn: Bool { !state.load(ordering: .relaxed) }
        func isCancelled() -> Bool { !mayGoOn }
        func cancel() { state.store(true, ordering: .relaxed) }
    }
    /// Oldest first.
    private let copies = Mutex<[Copy]>([])

    func begin() -> Copy {
        let copy = Copy()
        copies.withLock { $0.append(copy) }
        return copy
    }

    func end(_ copy: Copy) { copies.withLock { $0.removeAll { $0 === copy } } }

    func cancelOldest() { copies.withLock { $0.first(where: \.mayGoOn)?.cancel() } }
}
