import Glibc
import LinuxSystem

/// One thread that looks after the deadlines of all calls. It sleeps while no call is under way, and a short call
/// costs it nothing but an entry in a table.
final class Watchdog: Sendable {
    static let shared = Watchdog()

    private struct State {
        var calls: [ObjectIdentifier: any PendingCall] = [:]
        var isAsleep = false
        var hasThread = false
    }

    private let state = WaitingLock(State())
    /// µs.
    private static let interval: UInt32 = 20_000

    func watch(_ call: any PendingCall) {
        let needsThread = state.withLock { state in
            state.calls[ObjectIdentifier(call)] = call
            if state.isAsleep { self.state.wakeOne() }
            defer { state.hasThread = true }
            return !state.hasThread
        }
        if needsThread { startThread() }
    }

    func forget(_ call: any PendingCall) {
        state.withLock { _ = $0.calls.removeValue(forKey: ObjectIdentifier(call)) }
    }

    private func startThread() {
        let code = OwnThread.start("gantry-deadline") { self.run() }
        precondition(code == 0, "no thread can be made: \(String(cString: strerror(code)))")
    }

    private func run() {
        while true {
            state.wait(woken: { $0.isAsleep = false }) { state in
                state.isAsleep = state.calls.isEmpty
                return state.isAsleep ? nil : ()
            }
            usleep(Self.interval)
            let calls = state.withLock { Array($0.calls.values) }
            let now = monotonicTime()
            for call in calls where !call.tick(now) { forget(call) }
        }
    }
}
