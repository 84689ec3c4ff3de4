import ContainerRuntime
import DriverHost
import LinuxSystem
import StateStore

/// What the engine does at this moment, and what it waits for. Made without waiting for anything that an operation
/// could hold: it is there when nothing else is.
public struct SystemDump: Sendable {
    /// Something under way, or waiting for its turn.
    public struct Work: Sendable {
        public var what: String
        /// ns of the monotonic clock.
        public var since: Int64
    }
    public struct Threads: Sendable {
        public var count, idle, limit: Int
        /// In calls that were given up; each allows another thread.
        public var hung: Int
        /// Calls that wait for a thread.
        public var queued: Int
        public var calls: [Work]
    }
    public struct Driver: Sendable {
        /// "storage/overlayfs".
        public var name: String
        public var running, waiting: [Work]
        /// Of those that run: given up by whoever asked.
        public var hanging: Int
        /// Calls wait until an upgrade is done.
        public var isHeld: Bool
        public var waitingForUpgrade: Int
    }
    public struct Shim: Sendable {
        /// The container's id.
        public var container: String
        /// 0: not found.
        public var pid: Int32
        /// The kernel's letter: "S" sleeps, "T" was stopped.
        public var state: String
        /// When it said something the last time; ns of the monotonic clock.
        public var lastHeard: Int64
        /// What it did not answer yet.
        public var requests: [Work]
    }

    /// ns of the monotonic clock; ages count back from here.
    public var now: Int64
    public var lanes: [LaneStatus]
    /// What is written to the state store, and what waits behind it.
    public var write: Work?
    public var writes: [Work]
    public var threads: Threads
    public var drivers: [Driver]
    public var shims: [Shim]
    public var eventListeners: Int
}

extension SystemInfo {
    public func dump() -> SystemDump {
        let store = store.status, pool = BlockingPool.shared.status
        return SystemDump(
            now: monotonicTime(), lanes: LaneBoard.shared.statuses, write: store.running.map(SystemDump.Work.init),
            writes: store.waiting.map(SystemDump.Work.init),
            threads: SystemDump.Threads(
                count: pool.threads, idle: pool.idle, limit: pool.limit, hung: pool.hung, queued: pool.queued,
                calls: pool.running.map { SystemDump.Work(what: "\($0.caller)", since: $0.since) }),
            drivers: registry.activity().map(SystemDump.Driver.init), shims: ShimStatus.all.map(SystemDump.Shim.init), eventListeners: events.listeners)
    }
}

extension SystemDump.Work {
    fileprivate init(_ write: StoreStatus.Write) { self.init(what: write.what, since: write.since) }
    fileprivate init(_ call: DriverActivity.Call) { self.init(what: call.operation, since: call.since) }
    fileprivate init(_ request: ShimStatus.Request) { self.init(what: request.kind, since: request.since) }
}

extension SystemDump.Driver {
    fileprivate init(_ driver: DriverActivity) {
        self.init(
            name: "\(driver.kind)/\(driver.name)", running: driver.running.map(SystemDump.Work.init), waiting: driver.waiting.map(SystemDump.Work.init),
            hanging: driver.hanging, isHeld: driver.gate?.isHeld ?? false, waitingForUpgrade: driver.gate?.waiting ?? 0)
    }
}

extension SystemDump.Shim {
    fileprivate init(_ status: ShimStatus) {
        let pid = ShimProcess.find(status.container, of: status.firstProcess) ?? 0
        self.init(
            container: status.container, pid: pid, state: pid > 0 ? ShimProcess.state(pid) : "", lastHeard: status.lastHeard,
            requests: status.requests.map(SystemDump.Work.init))
    }
}
