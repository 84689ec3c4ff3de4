/// What a cgroup may use. Zero, nil and "" are no limit.
public struct CgroupLimits: Sendable, Equatable {
    /// Bytes. Swap is the sum of memory and swap; -1: no limit.
    public var memory: Int64 = 0
    public var memoryReservation: Int64 = 0
    public var memorySwap: Int64 = 0
    public var memorySwappiness: Int64?
    public var oomKillDisabled = false
    /// 10^-9 CPUs.
    public var nanoCPUs: Int64 = 0
    public var cpuShares: Int64 = 0
    /// µs.
    public var cpuPeriod: Int64 = 0
    public var cpuQuota: Int64 = 0
    public var cpusetCPUs = ""
    public var cpusetMemories = ""
    public var pidsLimit: Int64?
    public var blkioWeight = 0
    public var devices: [DeviceRule] = []
    public var allDevices = false
    public init() {}

    /// Quota and period in µs, from either way of saying it.
    var bandwidth: (quota: Int64, period: Int64)? {
        if nanoCPUs > 0 { return (nanoCPUs / 10000, 100_000) }
        guard cpuQuota > 0 || cpuPeriod > 0 else { return nil }
        return (cpuQuota > 0 ? cpuQuota : -1, cpuPeriod > 0 ? cpuPeriod : 100_000)
    }
}

/// A line of the device controller: "c 1:3 rwm".
public struct DeviceRule: Sendable, Equatable {
    public var allow: Bool
    /// "c", "b" or "a".
    public var kind: String
    /// nil: all.
    public var major, minor: Int64?
    public var access: String

    public init(allow: Bool, kind: String, major: Int64?, minor: Int64?, access: String) {
        self.allow = allow
        self.kind = kind
        self.major = major
        self.minor = minor
        self.access = access
    }

    var text: String {
        kind == "a" ? "a" : "\(kind) \(major.map(String.init) ?? "*"):\(minor.map(String.init) ?? "*") \(access)"
    }

    /// Docker's list: making any node, and using the harmless ones.
    public static let containerDefaults: [DeviceRule] =
        [DeviceRule(allow: true, kind: "c", major: nil, minor: nil, access: "m"), DeviceRule(allow: true, kind: "b", major: nil, minor: nil, access: "m")]
        + [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2)].map {
            DeviceRule(allow: true, kind: "c", major: $0.0, minor: $0.1, access: "rwm")
        } + [DeviceRule(allow: true, kind: "c", major: 136, minor: nil, access: "rwm")]
}
