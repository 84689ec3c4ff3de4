/// A named or anonymous volume.
public struct VolumeSnapshot: Codable, Sendable, Equatable {
    public var name, driver, mountpoint: String
    public var options, labels: [String: String]
    public var isAnonymous: Bool
    /// Id of the container that it was made for. Without that container's record the volume is a leftover.
    public var owner: String?
    /// True while it is made or removed: what a crash leaves of it goes at the next start.
    public var isUnfinished: Bool?
    /// ns since 1970.
    public var created: Int64
    public init(
        name: String, driver: String, mountpoint: String = "", options: [String: String] = [:], labels: [String: String] = [:], isAnonymous: Bool = false,
        owner: String? = nil, created: Int64
    ) {
        self.name = name
        self.driver = driver
        self.mountpoint = mountpoint
        self.options = options
        self.labels = labels
        self.isAnonymous = isAnonymous
        self.owner = owner
        self.created = created
    }
}

/// A network as it is stored.
public struct NetworkSnapshot: Codable, Sendable, Equatable {
    public struct Subnet: Codable, Sendable, Equatable {
        /// "172.17.0.0/16", "172.17.0.1".
        public var cidr, gateway: String
        public init(cidr: String, gateway: String) {
            self.cidr = cidr
            self.gateway = gateway
        }
    }
    public var id, name, driver: String
    public var subnets: [Subnet]
    public var options, labels: [String: String]
    public var isInternal: Bool
    /// ns since 1970.
    public var created: Int64
    public init(id: String, name: String, driver: String, subnets: [Subnet] = [], options: [String: String] = [:], labels: [String: String] = [:], isInternal: Bool = false, created: Int64) {
        self.id = id
        self.name = name
        self.driver = driver
        self.subnets = subnets
        self.options = options
        self.labels = labels
        self.isInternal = isInternal
        self.created = created
    }
}

/// An image: its configuration and where its layers are.
public struct ImageSnapshot: Codable, Sendable, Equatable {
    /// "sha256:…" of the configuration blob.
    public var id: String
    /// Canonical names: "docker.io/library/busybox:latest" is kept as people write it, "busybox:latest".
    public var tags: [String]
    public var digests: [String]
    /// ns since 1970.
    public var created: Int64
    /// Bytes, of the unpacked layers.
    public var size: Int64
    public var architecture, os, author, comment: String
    /// What containers of it start with.
    public var configuration: ContainerConfiguration
    /// Uncompressed layer digests, lowest first.
    public var diffIDs: [String]
    /// Bytes of each layer's blob, in the same order; nil: not known.
    public var blobSizes: [Int64]?
    /// The storage snapshot that a container's parent is: the chain id of the top layer ("" : the empty tree).
    public var topLayer: String
    /// Storage drivers that hold it unpacked.
    public var storageDrivers: [String]
    public init(
        id: String, tags: [String] = [], digests: [String] = [], created: Int64, size: Int64, architecture: String, os: String, author: String = "", comment: String = "",
        configuration: ContainerConfiguration, diffIDs: [String], topLayer: String, storageDrivers: [String]
    ) {
        self.id = id
        self.tags = tags
        self.digests = digests
        self.created = created
        self.size = size
        self.architecture = architecture
        self.os = os
        self.author = author
        self.comment = comment
        self.configuration = configuration
        self.diffIDs = diffIDs
        self.topLayer = topLayer
        self.storageDrivers = storageDrivers
    }
}

/// Something that happened; Docker's event message.
public struct EngineEvent: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable { case container, image, network, volume, daemon, driver }
    public var kind: Kind
    /// "create", "start", "die", "exec_create: sh", …
    public var action: String
    public var actor: String
    public var attributes: [String: String]
    /// ns since 1970.
    public var time: Int64
    public init(_ kind: Kind, _ action: String, actor: String, attributes: [String: String] = [:], time: Int64) {
        self.kind = kind
        self.action = action
        self.actor = actor
        self.attributes = attributes
        self.time = time
    }
}

/// One exec.
public struct ExecSnapshot: Codable, Sendable, Equatable {
    public var id, container: String
    public var arguments: [String]
    public var environment: [String]
    public var user, workingDirectory: String
    public var tty, openStdin, openStdout, openStderr, privileged: Bool
    public var detachKeys: String
    public var running: Bool
    public var exitCode: Int32?
    public var pid: Int32
    public init(
        id: String, container: String, arguments: [String], environment: [String] = [], user: String = "", workingDirectory: String = "", tty: Bool = false, openStdin: Bool = false,
        openStdout: Bool = false, openStderr: Bool = false, privileged: Bool = false, detachKeys: String = ""
    ) {
        self.id = id
        self.container = container
        self.arguments = arguments
        self.environment = environment
        self.user = user
        self.workingDirectory = workingDirectory
        self.tty = tty
        self.openStdin = openStdin
        self.openStdout = openStdout
        self.openStderr = openStderr
        self.privileged = privileged
        self.detachKeys = detachKeys
        running = false
        pid = 0
    }
}
