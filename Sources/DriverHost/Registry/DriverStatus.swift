public import DriverKit

/// One version of a driver as the registry sees it.
public struct DriverStatus: Sendable {
    public enum State: Sendable, Equatable {
        /// Its file exists; nothing was loaded yet.
        case found
        case loaded
        /// Why it could not be loaded or opened the last time.
        case failed(String)
        /// A call hangs in it.
        case wedged
        /// It opens beside the version whose place it takes.
        case opening
        /// Another version took its place.
        case replaced
    }

    /// What the driver did since the daemon started, all versions together.
    public struct Calls: Sendable, Equatable {
        public var count = 0, errors = 0
        /// ns spent in the driver.
        public var time: Int64 = 0
        /// ns that half of the calls, and 99 of 100, did not exceed.
        public var median: Int64 = 0, slowest: Int64 = 0
        /// Processes of an isolated driver that were started in place of one that ended.
        public var restarts = 0
    }

    public var kind: DriverKind
    public var name: String
    /// Empty for one that was only found, outside of a version's folder.
    public var version: String
    public var path: String
    public var state: State
    public var isDefault: Bool
    /// Its instances have processes of their own.
    public var isIsolated: Bool
    public var summary: String
    /// Their names, "concurrent" first.
    public var capabilities: [String]
    public var options, objectOptions: [DriverOption]
    public var calls: Calls
}

/// A call that is in a driver now.
public struct DriverCallStatus: Sendable, Equatable {
    public var kind: DriverKind
    public var driver: String
    /// The function's name in the contract.
    public var operation: String
    /// ns.
    public var age: Int64
}

extension DriverStatus.Calls {
    init(_ values: CallCounters.Values) {
        self.init(
            count: values.calls, errors: values.errors, time: values.time, median: values.latencies.quantile(0.5),
            slowest: values.latencies.quantile(0.99), restarts: values.restarts)
    }
}

extension DriverCapabilities {
    /// The names that `driver.json` and people use.
    public func names(of kind: DriverKind) -> [String] {
        let known: [(Self, String)] =
            switch kind {
            case .storage: [(.concurrent, "concurrent"), (.overlayUpper, "overlayUpper")]
            case .network:
                [
                    (.concurrent, "concurrent"), (.hostNamespace, "hostNamespace"), (.ports, "ports"), (.addresses, "addresses"),
                    (.singleton, "singleton"),
                ]
            case .log: [(.concurrent, "concurrent"), (.read, "read")]
            case .volume: [(.concurrent, "concurrent")]
            }
        return known.filter { contains($0.0) }.map(\.1)
    }
}
