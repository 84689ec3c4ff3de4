import DriverHost
public import DriverKit

/// One version of a driver.
public struct DriverSnapshot: Sendable, Equatable {
    public var kind = "", name = "", version = "", path = ""
    /// "found", "loaded", "failed", "wedged", "opening" or "replaced".
    public var state = ""
    /// Why it failed, or "".
    public var reason = ""
    public var isDefault = false, isIsolated = false
    public var summary = ""
    public var capabilities: [String] = []
    public var options: [DriverOption] = []
    /// Since the daemon started, all versions together.
    public var calls = 0, errors = 0, restarts = 0
    /// ns that half of the calls, and 99 of 100, did not exceed.
    public var median: Int64 = 0, slowest: Int64 = 0

    public init() {}
}

extension DriverSnapshot {
    init(_ status: DriverStatus) {
        switch status.state {
        case .found: state = "found"
        case .loaded: state = "loaded"
        case .wedged: state = "wedged"
        case .opening: state = "opening"
        case .replaced: state = "replaced"
        case .failed(let why):
            state = "failed"
            reason = why
        }
        kind = "\(status.kind)"
        name = status.name
        version = status.version
        path = status.path
        isDefault = status.isDefault
        isIsolated = status.isIsolated
        summary = status.summary
        capabilities = status.capabilities
        options = status.options
        calls = status.calls.count
        errors = status.calls.errors
        restarts = status.calls.restarts
        median = status.calls.median
        slowest = status.calls.slowest
    }
}

/// A call that is in a driver now.
public struct DriverCallSnapshot: Sendable, Equatable {
    public var kind, driver, operation: String
    /// ns.
    public var age: Int64

    public init(kind: String, driver: String, operation: String, age: Int64) {
        self.kind = kind
        self.driver = driver
        self.operation = operation
        self.age = age
    }
}
