import EngineErrors
import Synchronization

/// What one driver did since the start.
final class CallCounters: Sendable {
    struct Values: Sendable {
        var calls = 0, errors = 0
        /// ns in the driver, all calls together.
        var time: Int64 = 0
        /// Calls that were given up and still hang.
        var hanging = 0
    }

    /// So many threads may hang in one driver before it is refused.
    static let hangingLimit = 8

    private let state = Mutex(Values())

    var values: Values { state.withLock { $0 } }

    func count(_ time: Int64, _ failed: Bool) {
        state.withLock { state in
            state.calls += 1
            state.time += time
            if failed { state.errors += 1 }
        }
    }

    func countHanging(_ change: Int) { state.withLock { $0.hanging += change } }

    var isExhausted: Bool { values.hanging >= Self.hangingLimit }
}
