import CDriverABI

/// A mount as mount(2) takes it.
public struct Mount: Sendable, Equatable {
    public var type, source, target, options: String
    /// Folder that relative paths in `source` and `options` start from; empty: none.
    public var base: String
    /// `MS_*` flags.
    public var flags: UInt64

    public init(type: String, source: String, target: String = "/", options: String = "", base: String = "", flags: UInt64 = 0) {
        self.type = type
        self.source = source
        self.target = target
        self.options = options
        self.base = base
        self.flags = flags
    }
}

public struct Snapshot: Sendable, Equatable {
    public enum State: UInt32, Sendable { case active = 1, view, committed }
    public var key, parent: String
    public var state: State
    /// ns since 1970.
    public var created: Int64

    public init(key: String, parent: String, state: State, created: Int64) {
        self.key = key
        self.parent = parent
        self.state = state
        self.created = created
    }
}

public struct Usage: Sendable, Equatable {
    public var bytes, inodes: Int64
    public init(bytes: Int64, inodes: Int64) {
        self.bytes = bytes
        self.inodes = inodes
    }
}

public struct Subnet: Sendable, Equatable {
    /// "172.17.0.0/16" and "172.17.0.1".
    public var cidr, gateway: String
    public init(cidr: String, gateway: String) {
        self.cidr = cidr
        self.gateway = gateway
    }
}

public struct NetworkSpecification: Sendable, Equatable {
    public var id, name: String
    public var subnets: [Subnet]
    public var options: [String: String]
    /// No way out of this network.
    public var isInternal: Bool
    /// Bytes; 0: the driver's choice.
    public var mtu: UInt32

    public init(id: String, name: String, subnets: [Subnet], options: [String: String] = [:], isInternal: Bool = false, mtu: UInt32 = 0) {
        self.id = id
        self.name = name
        self.subnets = subnets
        self.options = options
        self.isInternal = isInternal
        self.mtu = mtu
    }
}

public struct PublishedPort: Sendable, Equatable, Hashable {
    public enum Transport: UInt32, Sendable { case tcp = 6, udp = 17, sctp = 132 }
    /// "0.0.0.0" for every address of the host.
    public var hostAddress: String
    public var hostPort, containerPort: UInt16
    public var transport: Transport

    public init(hostAddress: String, hostPort: UInt16, containerPort: UInt16, transport: Transport) {
        self.hostAddress = hostAddress
        self.hostPort = hostPort
        self.containerPort = containerPort
        self.transport = transport
    }
}

public struct EndpointSpecification: Sendable, Equatable {
    public var id, network, container: String
    /// Wanted name inside the container, "eth0".
    public var interfaceName: String
    /// "02:42:ac:11:00:02" or empty.
    public var mac: String
    /// With the length of the subnet's prefix: "172.17.0.2/16".
    public var addresses: [String]
    /// Default routes to set; empty: none.
    public var gateways: [String]
    public var ports: [PublishedPort]

    public init(
        id: String, network: String, container: String, interfaceName: String = "eth0", mac: String = "",
        addresses: [String] = [], gateways: [String] = [], ports: [PublishedPort] = []
    ) {
        self.id = id
        self.network = network
        self.container = container
        self.interfaceName = interfaceName
        self.mac = mac
        self.addresses = addresses
        self.gateways = gateways
        self.ports = ports
    }
}

/// What a container got from `join`.
public struct NetworkInterface: Sendable, Equatable {
    public var name, hostName, mac: String
    public init(name: String, hostName: String = "", mac: String = "") {
        self.name = name
        self.hostName = hostName
        self.mac = mac
    }
}

/// A kernel object that carries this daemon's mark.
public struct NetworkObject: Sendable, Equatable {
    public enum Kind: UInt32, Sendable { case network = 1, endpoint }
    public var id: String
    public var kind: Kind
    /// false: a part of it is missing.
    public var isWhole: Bool
    public init(id: String, kind: Kind, isWhole: Bool = true) {
        self.id = id
        self.kind = kind
        self.isWhole = isWhole
    }
}

public struct Volume: Sendable, Equatable {
    public var name, mountpoint: String
    /// ns since 1970.
    public var created: Int64
    public init(name: String, mountpoint: String, created: Int64) {
        self.name = name
        self.mountpoint = mountpoint
        self.created = created
    }
}

/// A place in a log, in the driver's own terms; `.start` is the oldest line.
public struct LogCursor: Sendable, Equatable {
    public var epoch, offset: UInt64
    public static let start = LogCursor(epoch: 0, offset: 0)
    public init(epoch: UInt64, offset: UInt64) {
        self.epoch = epoch
        self.offset = offset
    }
}

public struct LogQuery: Sendable, Equatable {
    public var from: LogCursor
    /// ns since 1970; 0: no limit.
    public var since, until: Int64
    /// The last n lines of what matches; nil: all.
    public var tail: Int?

    public init(from: LogCursor = .start, since: Int64 = 0, until: Int64 = 0, tail: Int? = nil) {
        self.from = from
        self.since = since
        self.until = until
        self.tail = tail
    }
}

/// What a driver gets when an instance is opened. Owned copies: may be kept.
public struct OpenContext: Sendable {
    /// The container's id for a log, else the driver's name.
    public var name: String
    /// An existing folder that belongs to this instance.
    public var stateDirectory: String
    /// Short text, unique for each daemon of a host, for the names of kernel objects.
    public var mark: String
    public var options: [String: String]
    /// Log: facts of the container.
    public var labels: [String: String]
    /// Log: opened to read; `write` will not be called.
    public var readOnly: Bool

    public init(
        name: String, stateDirectory: String, mark: String = "", options: [String: String] = [:],
        labels: [String: String] = [:], readOnly: Bool = false
    ) {
        self.name = name
        self.stateDirectory = stateDirectory
        self.mark = mark
        self.options = options
        self.labels = labels
        self.readOnly = readOnly
    }
}

/// An option that the driver understands; the engine checks names and types before an instance is opened.
public struct DriverOption: Sendable, Equatable {
    public enum Kind: UInt32, Sendable { case string = 1, integer, boolean, size, duration }
    public var name: String
    public var kind: Kind
    public var defaultValue: String
    public var summary: String

    public init(_ name: String, _ kind: Kind, default defaultValue: String = "", _ summary: String) {
        self.name = name
        self.kind = kind
        self.defaultValue = defaultValue
        self.summary = summary
    }
}

/// What a driver can do, declared; nobody tests for its name.
public struct DriverCapabilities: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Every kind: calls on one instance may be concurrent.
    public static let concurrent = Self(rawValue: GANTRY_CAP_CONCURRENT)
    /// Storage: layers may be unpacked into `upperdir` of prepare's mount, with overlay whiteouts.
    public static let overlayUpper = Self(rawValue: GANTRY_CAP_OVERLAY_UPPER)
    /// Network: containers stay in the host's network namespace.
    public static let hostNamespace = Self(rawValue: GANTRY_CAP_HOST_NAMESPACE)
    public static let ports = Self(rawValue: GANTRY_CAP_PORTS)
    /// Network: wants addresses from the engine's IPAM.
    public static let addresses = Self(rawValue: GANTRY_CAP_ADDRESSES)
    /// Network: one network of this driver exists and no other can be made.
    public static let singleton = Self(rawValue: GANTRY_CAP_SINGLETON)
    /// Log: lines can be read back.
    public static let read = Self(rawValue: GANTRY_CAP_READ)
}
