import EngineErrors
import Synchronization

/// What one driver did since the start, and does now, and the threads that it may use.
final class CallCounters: Sendable {
    struct Values: Sendable {
        var calls = 0, errors = 0
        /// ns in the driver, all calls together.
        var time: Int64 = 0
        /// Calls that were given up and still hang.
        var hanging = 0
        var latencies = LatencyHistogram()
        /// An isolated driver's processes that were started in place of one that ended.
        var restarts = 0
        var running: [ObjectIdentifier: RunningCall] = [:]
        /// Calls that wait for their turn in the lane of their instance, or for a thread.
        var waiting: [ObjectIdentifier: RunningCall] = [:]
    }

    /// So many threads may hang in one driver before it is refused.
    static let hangingLimit = 8

    private let state = Mutex(Values())
    let threads = DriverThreads()

    var values: Values { state.withLock { $0 } }

    func count(_ time: Int64, _ failed: Bool) {
        state.withLock { state in
            state.calls += 1
            state.time += time
            state.latencies.add(time)
            if failed { state.errors += 1 }
        }
    }

    func countHanging(_ change: Int) { state.withLock { $0.hanging += change } }
    func countRestart() { state.withLock { $0.restarts += 1 } }

    func wait(_ call: ObjectIdentifier, _ waiting: RunningCall) { state.withLock { $0.waiting[call] = waiting } }
    /// It was refused, or cancelled, before its turn came.
    func forget(_ call: ObjectIdentifier) { state.withLock { _ = $0.waiting.removeValue(forKey: call) } }

    func begin(_ call: ObjectIdentifier, _ running: RunningCall) {
        state.withLock { state in
            state.waiting[call] = nil
            state.running[call] = running
        }
    }
    func end(_ call: ObjectIdentifier) { state.withLock { _ = $0.running.removeValue(forKey: call) } }

    var isExhausted: Bool { state.withLock { $0.hanging } >= Self.hangingLimit }
}

/// A call that is in a driver now, or waits for its turn.
struct RunningCall: Sendable {
    var operation: String
    /// ns of the monotonic clock.
    var begin: Int64
}
