import EngineErrors
import EngineModel

extension ContainerCatalog {
    public func wait(_ reference: String, _ condition: WaitCondition) async throws -> @Sendable () async throws -> WaitResult {
        let entry = try entry(reference)
        if condition == .notRunning && ![.running, .paused, .restarting].contains(entry.snapshot.status.state) {
            let result = WaitResult(exitCode: entry.snapshot.status.exitCode)
            return { result }
        }
        // Registered before this call returns: an exit between the answer and the wait counts.
        let (stream, continuation) = AsyncStream<WaitResult>.makeStream(bufferingPolicy: .bufferingNewest(1))
        if condition == .removed { entry.removalWaiters.append(continuation) } else { entry.exitWaiters.append(continuation) }
        return {
            for await result in stream { return result }
            throw EngineError(.cancelled, "the wait for container \(reference) was cancelled")
        }
    }

    /// Tells those who wait for an exit, and after a removal those who wait for that.
    func finishWaiters(_ entry: Entry, removed: Bool = false) {
        // Why a start failed is the answer to `start`; a client that waits besides must not report it twice.
        let result = WaitResult(exitCode: entry.snapshot.status.exitCode)
        var waiters = entry.exitWaiters
        entry.exitWaiters = []
        if removed {
            waiters += entry.removalWaiters
            entry.removalWaiters = []
        }
        for waiter in waiters {
            waiter.yield(result)
            waiter.finish()
        }
    }
}
