/// How the host runs a container. Docker's `HostConfig`.
public struct HostConfiguration: Codable, Sendable, Equatable {
    /// As the user wrote them: "source:target[:options]". `create` turns them into `Mount`s as well.
    public var binds: [String] = []
    public var mounts: [MountRequest] = []
    /// "default", a network's name or id, "host", "none", "container:ID".
    public var networkMode = "default"
    public var portBindings: [PortBinding] = []
    public var publishAllPorts = false
    public var restartPolicy = RestartPolicy()
    public var autoRemove = false
    public var resources = Resources()
    public var capabilitiesAdded: [String] = []
    public var capabilitiesDropped: [String] = []
    public var privileged = false
    public var readOnlyRoot = false
    /// Target → options ("rw,size=64m").
    public var tmpfs: [String: String] = [:]
    public var securityOptions: [String] = []
    public var useInit = false
    public var logDriver = ""
    public var logOptions: [String: String] = [:]
    /// Gantry's own: the storage driver; empty: the daemon's default.
    public var storageDriver = ""
    public var extraHosts: [String] = []
    public var dns: [String] = []
    public var dnsSearch: [String] = []
    public var dnsOptions: [String] = []
    /// Bytes; 0: 64 MiB.
    public var shmSize: Int64 = 0
    public var sysctls: [String: String] = [:]
    public var groups: [String] = []
    public var oomScoreAdjustment = 0
    public var devices: [DeviceRequest] = []
    /// nil: the default list.
    public var maskedPaths: [String]?
    public var readOnlyPaths: [String]?
    /// "", "private", "host", "shareable"; pid: "", "host"; uts: "", "host"; cgroup: "", "private", "host".
    public var ipcMode = ""
    public var pidMode = ""
    public var utsMode = ""
    public var cgroupnsMode = ""
    /// rows, columns of the first terminal.
    public var consoleSize: [Int] = [0, 0]
    public var containerIDFile = ""
    public var volumesFrom: [String] = []
    public var volumeDriver = ""
    public init() {}
}

public struct Resources: Codable, Sendable, Equatable {
    /// Bytes; 0: no limit. Swap is the sum of memory and swap; -1: no limit.
    public var memory: Int64 = 0
    public var memoryReservation: Int64 = 0
    public var memorySwap: Int64 = 0
    public var memorySwappiness: Int64?
    public var oomKillDisabled = false
    /// 10^-9 CPUs; 0: no limit.
    public var nanoCPUs: Int64 = 0
    public var cpuShares: Int64 = 0
    /// µs.
    public var cpuPeriod: Int64 = 0
    public var cpuQuota: Int64 = 0
    public var cpusetCPUs = ""
    public var cpusetMemories = ""
    /// nil or <= 0: no limit.
    public var pidsLimit: Int64?
    public var blkioWeight: Int = 0
    public var ulimits: [Ulimit] = []
    public init() {}
}

public struct Ulimit: Codable, Sendable, Equatable {
    public var name: String
    public var soft, hard: Int64
    public init(name: String, soft: Int64, hard: Int64) {
        self.name = name
        self.soft = soft
        self.hard = hard
    }
}

public struct DeviceRequest: Codable, Sendable, Equatable {
    public var hostPath, containerPath: String
    /// "rwm".
    public var permissions: String
    public init(hostPath: String, containerPath: String, permissions: String) {
        self.hostPath = hostPath
        self.containerPath = containerPath
        self.permissions = permissions
    }
}

public struct RestartPolicy: Codable, Sendable, Equatable {
    public enum Name: String, Codable, Sendable { case no, always, unlessStopped = "unless-stopped", onFailure = "on-failure" }
    public var name: Name
    public var maximumRetryCount: Int
    public init(_ name: Name = .no, maximumRetryCount: Int = 0) {
        self.name = name
        self.maximumRetryCount = maximumRetryCount
    }
}

public struct PortBinding: Codable, Sendable, Equatable {
    public var container: ContainerPort
    /// "" : every address.
    public var hostAddress: String
    /// 0: any free port. A range is resolved before it gets here.
    public var hostPort: UInt16
    public init(container: ContainerPort, hostAddress: String = "", hostPort: UInt16 = 0) {
        self.container = container
        self.hostAddress = hostAddress
        self.hostPort = hostPort
    }
}

/// `--mount`, or one of `binds` after parsing.
public struct MountRequest: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable { case bind, volume, tmpfs }
    public var kind: Kind
    /// A host path, a volume's name ("": anonymous), or "" for tmpfs.
    public var source: String
    public var target: String
    public var readOnly: Bool
    /// "rprivate", "rslave", …; "" the default.
    public var propagation: String
    /// Bind: make the host path if it is missing (`-v` does, `--mount` does not).
    public var createSource: Bool
    public var noCopy: Bool
    public var volumeDriver: String
    public var volumeOptions: [String: String]
    public var volumeLabels: [String: String]
    /// tmpfs: bytes, 0 no limit; mode bits.
    public var tmpfsSize: Int64
    public var tmpfsMode: UInt32

    public init(
        kind: Kind, source: String = "", target: String, readOnly: Bool = false, propagation: String = "",
        createSource: Bool = false, noCopy: Bool = false, volumeDriver: String = "", volumeOptions: [String: String] = [:],
        volumeLabels: [String: String] = [:], tmpfsSize: Int64 = 0, tmpfsMode: UInt32 = 0
    ) {
        self.kind = kind
        self.source = source
        self.target = target
        self.readOnly = readOnly
        self.propagation = propagation
        self.createSource = createSource
        self.noCopy = noCopy
        self.volumeDriver = volumeDriver
        self.volumeOptions = volumeOptions
        self.volumeLabels = volumeLabels
        self.tmpfsSize = tmpfsSize
        self.tmpfsMode = tmpfsMode
    }
}
