import DriverHost
import StateStore

/// What the engine counts of itself. The rest of the metrics is what `information` says.
public struct EngineMetrics: Sendable {
    public struct Driver: Sendable {
        public var kind, name: String
        public var calls, errors, restarts: Int
        /// In the driver, all calls together.
        public var seconds: Double
    }

    /// By action: "create", "start", …
    public var containerActions: [String: Histogram]
    public var events: Int
    public var eventListeners: Int
    public var drivers: [Driver]
    /// Steps that run in lanes, and those that wait behind them.
    public var lanesBusy, lanesWaiting: Int
    public var storeWaiting: Int
    public var blockingThreads, blockingQueued: Int
}

extension SystemInfo {
    public func metrics() -> EngineMetrics {
        let lanes = LaneBoard.shared.statuses, pool = BlockingPool.shared.status
        return EngineMetrics(
            containerActions: actions(), events: events.published, eventListeners: events.listeners, drivers: driverMetrics,
            lanesBusy: lanes.count, lanesWaiting: lanes.reduce(0) { $0 + $1.waiting.count }, storeWaiting: store.status.waiting.count,
            blockingThreads: pool.threads, blockingQueued: pool.queued)
    }

    /// One for each driver: its versions count together.
    private var driverMetrics: [EngineMetrics.Driver] {
        var known: [String: EngineMetrics.Driver] = [:]
        for status in registry.statuses() {
            known["\(status.kind)/\(status.name)"] = EngineMetrics.Driver(
                kind: "\(status.kind)", name: status.name, calls: status.calls.count, errors: status.calls.errors, restarts: status.calls.restarts,
                seconds: Double(status.calls.time) / 1e9)
        }
        return known.sorted { $0.key < $1.key }.map(\.value)
    }
}
