/// A container as it is now: configuration and status together. What `inspect` and `ps` are made from, and what
/// is stored.
public struct ContainerSnapshot: Codable, Sendable, Equatable {
    public var id: String
    /// Without the leading slash.
    public var name: String
    /// ns since 1970.
    public var created: Int64
    /// "sha256:…" of the image's configuration.
    public var imageID: String
    /// What runs: entrypoint and command joined; [0] is the path.
    public var arguments: [String]
    public var configuration: ContainerConfiguration
    public var host: HostConfiguration
    public var storageDriver: String
    public var status: ContainerStatus
    /// Resolved mounts, for `inspect`.
    public var mounts: [MountPoint]
    public var networks: [EndpointSnapshot]
    public var restartCount: Int
    /// Where its log lies, below the container's folder; nil: there itself.
    public var logFolder: String?
    /// Parts of its log that other drivers hold, the oldest first; nil: none.
    public var formerLogs: [LogSegment]?
    /// The user stopped it: `unless-stopped` stays down.
    public var stoppedByUser: Bool
    /// It is being stopped to be started again; nil: it is not.
    public var isBeingRestarted: Bool?

    public init(
        id: String, name: String, created: Int64, imageID: String, arguments: [String],
        configuration: ContainerConfiguration, host: HostConfiguration, storageDriver: String
    ) {
        self.id = id
        self.name = name
        self.created = created
        self.imageID = imageID
        self.arguments = arguments
        self.configuration = configuration
        self.host = host
        self.storageDriver = storageDriver
        status = ContainerStatus()
        mounts = []
        networks = []
        restartCount = 0
        stoppedByUser = false
    }
}

/// A part of a container's log.
public struct LogSegment: Codable, Sendable, Equatable {
    public var driver: String
    public var options: [String: String]
    /// Below the container's folder; nil: there itself.
    public var folder: String?

    public init(driver: String, options: [String: String], folder: String?) {
        self.driver = driver
        self.options = options
        self.folder = folder
    }
}

extension ContainerSnapshot {
    /// All parts of its log, the oldest first; the last one is written to.
    public var logSegments: [LogSegment] {
        (formerLogs ?? []) + [LogSegment(driver: host.logDriver, options: host.logOptions, folder: logFolder)]
    }
}

public struct ContainerStatus: Codable, Sendable, Equatable {
    public enum State: String, Codable, Sendable { case created, running, paused, restarting, removing, exited, dead }
    public var state: State = .created
    /// In the host's pid namespace; 0: none.
    public var pid: Int32 = 0
    public var exitCode: Int32 = 0
    public var error = ""
    public var oomKilled = false
    /// ns since 1970; 0: never.
    public var started: Int64 = 0
    public var finished: Int64 = 0
    public init() {}
}

public struct MountPoint: Codable, Sendable, Equatable {
    public var kind: MountRequest.Kind
    /// Volume's name, or "".
    public var name: String
    /// On the host.
    public var source: String
    public var target: String
    public var driver: String
    public var mode: String
    public var writable: Bool
    public var propagation: String
    public init(kind: MountRequest.Kind, name: String = "", source: String, target: String, driver: String = "", mode: String = "", writable: Bool = true, propagation: String = "") {
        self.kind = kind
        self.name = name
        self.source = source
        self.target = target
        self.driver = driver
        self.mode = mode
        self.writable = writable
        self.propagation = propagation
    }
}

/// A container's place in a network.
public struct EndpointSnapshot: Codable, Sendable, Equatable {
    public var networkID, networkName: String
    public var endpointID: String
    /// "172.17.0.2", 16, "172.17.0.1"; empty when not connected now.
    public var address: String
    public var prefixLength: Int
    public var gateway: String
    public var mac: String
    public var interfaceName: String
    /// What is published now, with real host ports.
    public var ports: [PortBinding]
    /// The driver has something of it on the host, and lists it for as long as all of that is there.
    public var isListed: Bool?
    public init(
        networkID: String, networkName: String, endpointID: String = "", address: String = "", prefixLength: Int = 0, gateway: String = "", mac: String = "", interfaceName: String = "eth0",
        ports: [PortBinding] = []
    ) {
        self.networkID = networkID
        self.networkName = networkName
        self.endpointID = endpointID
        self.address = address
        self.prefixLength = prefixLength
        self.gateway = gateway
        self.mac = mac
        self.interfaceName = interfaceName
        self.ports = ports
    }
}
