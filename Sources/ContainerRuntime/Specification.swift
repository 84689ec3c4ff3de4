/// One process, ready to run: nothing left to look up but its user, which the container's own files name.
public struct ProcessSpecification: Sendable {
    public var arguments: [String] = []
    /// "NAME=value".
    public var environment: [String] = []
    public var directory = "/"
    public var user = ""
    public var groups: [String] = []
    /// Bit masks by capability number.
    public var bounding: UInt64 = 0
    public var effective: UInt64 = 0
    /// A BPF program (`sock_filter[]`), empty: none.
    public var seccomp: [UInt8] = []
    public var noNewPrivileges = false
    public var terminal = false
    public var rows: UInt16 = 0
    public var columns: UInt16 = 0
    /// A pipe (or the terminal) as stdin; otherwise /dev/null.
    public var openInput = false
    /// The end of attached input ends stdin.
    public var inputOnce = false
    public var makeDirectory = false
    public var limits: [ResourceLimit] = []
    public init() {}
}

public struct ResourceLimit: Sendable, Equatable {
    /// `RLIMIT_*`.
    public var resource: Int32
    public var soft, hard: UInt64
    public init(resource: Int32, soft: UInt64, hard: UInt64) {
        self.resource = resource
        self.soft = soft
        self.hard = hard
    }
}

/// A mount inside the container.
public struct MountSpecification: Sendable, Equatable {
    public enum Kind: Int64, Sendable { case plain = 0, bind, cgroups }
    public var kind: Kind
    public var type, source, target, options, base: String
    /// `MS_*`.
    public var flags: UInt64
    /// `MS_PRIVATE | MS_REC` and the like; 0: as it comes.
    public var propagation: UInt64
    public var targetIsFile, readOnly: Bool

    public init(
        _ kind: Kind, type: String = "", source: String, target: String, options: String = "", base: String = "",
        flags: UInt64 = 0, propagation: UInt64 = 0, targetIsFile: Bool = false, readOnly: Bool = false
    ) {
        self.kind = kind
        self.type = type
        self.source = source
        self.target = target
        self.options = options
        self.base = base
        self.flags = flags
        self.propagation = propagation
        self.targetIsFile = targetIsFile
        self.readOnly = readOnly
    }
}

public struct DeviceSpecification: Sendable, Equatable {
    public var path: String
    /// With the type bits.
    public var mode: UInt32
    public var major, minor, uid, gid: UInt32
    public init(path: String, mode: UInt32, major: UInt32, minor: UInt32, uid: UInt32 = 0, gid: UInt32 = 0) {
        self.path = path
        self.mode = mode
        self.major = major
        self.minor = minor
        self.uid = uid
        self.gid = gid
    }
}

public struct LogSpecification: Sendable, Equatable {
    public var driverPath, stateDirectory: String
    public var options, labels: [String: String]
    public var checksOwnership: Bool
    /// The executable that hosts the driver; empty: the shim loads it.
    public var host: String
    /// Bytes of lines that may wait for the driver while the container runs on; nil: the container waits.
    public var buffer: Int64?
    public init(
        driverPath: String, stateDirectory: String, options: [String: String], labels: [String: String], checksOwnership: Bool, host: String = "", buffer: Int64? = nil
    ) {
        self.host = host
        self.buffer = buffer
        self.driverPath = driverPath
        self.stateDirectory = stateDirectory
        self.options = options
        self.labels = labels
        self.checksOwnership = checksOwnership
    }
}

/// A container, ready to run.
public struct ContainerSpecification: Sendable {
    public var id: String
    public var process = ProcessSpecification()
    /// `CLONE_NEW*`, all but the cgroup namespace, which is made once the process is in its cgroup.
    public var namespaces: UInt64 = 0
    public var newCgroupNamespace = true
    /// pid whose network namespace is joined; 0: none.
    public var networkOf: Int32 = 0
    public var rootMounts: [MountSpecification] = []
    public var mounts: [MountSpecification] = []
    public var devices: [DeviceSpecification] = []
    public var masked: [String] = []
    public var readOnlyPaths: [String] = []
    /// "net.ipv4.ip_forward=1".
    public var sysctls: [String] = []
    public var hostname = ""
    public var domainName = ""
    public var readOnlyRoot = false
    public var oomScoreAdjustment = 0
    /// "gantry/<id>".
    public var cgroup = ""
    public var log: LogSpecification?
    public var mark = ""

    public init(id: String) { self.id = id }
}

/// Which streams somebody attaches to.
public struct StreamSelection: Sendable, Equatable {
    public var input, output, error: Bool
    public init(input: Bool, output: Bool, error: Bool) {
        self.input = input
        self.output = output
        self.error = error
    }
    public var isEmpty: Bool { !input && !output && !error }
}
