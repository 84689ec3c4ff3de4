import DriverKit
import EngineErrors
import Synchronization

/// The instance of a driver that serves now. Another version's can take its place between two calls.
final class Serving<Instance: Sendable>: Sendable {
    struct Current: Sendable {
        var instance: Instance
        var calls: InstanceCalls
    }

    private let current: Mutex<Current>
    private let gate = Gate()

    init(_ current: Current) { self.current = Mutex(current) }

    var gateStatus: GateStatus { gate.status }

    var driver: DriverDescription { current.withLock { $0.calls.driver } }

    /// See `InstanceCalls.run`.
    func run<R: Sendable>(
        _ operation: String, patience: Int64 = 1, _ body: @escaping @Sendable (Instance) throws -> R
    ) async throws(EngineError) -> R {
        await gate.enter()
        defer { gate.leave() }
        let current = current.withLock { $0 }
        return try await current.calls.run(operation, patience: patience) { try body(current.instance) }
    }

    /// Waits for the calls under way, opens the new instance beside the old one, which is idle, and closes the old one.
    /// Calls that come meanwhile wait and go to the new one; if that does not open, to the old one.
    ///
    /// - Throws: what `open` throws; `.unavailable` when calls in the old instance do not return within `limit`.
    func replace(
        atMost limit: Duration, _ open: () async throws(EngineError) -> Current, close: @escaping @Sendable (Instance) -> Void
    ) async throws(EngineError) {
        let old = current.withLock { $0 }
        guard await gate.hold(atMost: limit) else {
            throw EngineError(
                .unavailable,
                "\(old.calls.driver.subject) was not replaced: calls of version \(old.calls.driver.version) have been under way for \(limit.components.seconds) s; see `gantry driver ps`"
            )
        }
        defer { gate.open() }
        let new = try await open()
        current.withLock { $0 = new }
        // A close that hangs is given up at its deadline; the new instance serves in any case.
        do throws(EngineError) { try await old.calls.run("close") { close(old.instance) } } catch {}
    }

    /// The last call.
    func end(close: @escaping @Sendable (Instance) -> Void) async {
        let current = current.withLock { $0 }
        do throws(EngineError) { try await current.calls.run("close") { close(current.instance) } } catch {}
    }
}
