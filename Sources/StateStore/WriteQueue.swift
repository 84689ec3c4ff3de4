import Glibc
import Synchronization

/// What waits for the database, and what is being written.
final class WriteQueue: Sendable {
    private struct State {
        var last = 0
        var writes: [Int: StoreStatus.Write] = [:]
        var current: Int?
    }
    private let state = Mutex(State())

    func enter(_ what: String) -> Int {
        let now = Self.now()
        return state.withLock { state in
            state.last += 1
            state.writes[state.last] = StoreStatus.Write(what: what, since: now)
            return state.last
        }
    }

    func begin(_ place: Int) {
        let now = Self.now()
        state.withLock { state in
            state.current = place
            state.writes[place]?.since = now
        }
    }

    func leave(_ place: Int) {
        state.withLock { state in
            state.writes[place] = nil
            if state.current == place { state.current = nil }
        }
    }

    var status: StoreStatus {
        state.withLock { state in
            let waiting = state.writes.filter { $0.key != state.current }.sorted { $0.key < $1.key }.map(\.value)
            return StoreStatus(running: state.current.flatMap { state.writes[$0] }, waiting: waiting)
        }
    }

    private static func now() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }
}

/// The store's writes at one moment.
public struct StoreStatus: Sendable {
    public struct Write: Sendable {
        /// "save container 0123…".
        public var what: String
        /// When it began, or began to wait; ns of the monotonic clock.
        public var since: Int64
    }

    public var running: Write?
    /// In the order in which they will be done.
    public var waiting: [Write]
}
