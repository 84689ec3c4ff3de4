public import EngineModel
public import LinuxSystem

// What the edges (HTTP) may ask of the engine, one role for each group of routes. `reference` is a name, an id or a
// unique beginning of an id. Every call throws `EngineError`.

/// Containers, their streams and their logs.
public protocol ContainerService: Sendable {
    /// - Returns: the id, and warnings for the user.
    func create(name: String?, _ configuration: ContainerConfiguration, _ host: HostConfiguration, _ networking: NetworkingRequest) async throws -> (id: String, warnings: [String])
    /// `.notModified` when it runs already.
    func start(_ reference: String) async throws
    /// Seconds; nil: the container's own; negative: wait for ever. `.notModified` when it is stopped already.
    func stop(_ reference: String, signal: String?, timeout: Int?) async throws
    func restart(_ reference: String, signal: String?, timeout: Int?) async throws
    /// `.conflict` when it does not run.
    func kill(_ reference: String, signal: String?) async throws
    func pause(_ reference: String) async throws
    func unpause(_ reference: String) async throws
    func rename(_ reference: String, to name: String) async throws
    /// Resolves the reference at once (so that errors come before headers); the closure then waits.
    func wait(_ reference: String, _ condition: WaitCondition) async throws -> @Sendable () async throws -> WaitResult
    func remove(_ reference: String, force: Bool, volumes: Bool) async throws
    /// Newest first.
    func list() async -> [ContainerSnapshot]
    func inspect(_ reference: String) async throws -> ContainerSnapshot
    func size(_ reference: String) async throws -> ContainerSize
    /// Docker's `GraphDriver.Data`: where the driver's layers lie, as far as its mounts say.
    func layerPlaces(_ reference: String) async throws -> [String: String]
    /// Processes as `ps` in the host's pid namespace: titles and rows.
    func top(_ reference: String, arguments: String) async throws -> (titles: [String], rows: [[String]])
    func resize(_ reference: String, rows: UInt16, columns: UInt16) async throws
    /// The stream carries, towards the client, raw bytes (terminal) or Docker's frames of stdout and stderr, and
    /// towards the container raw stdin; shutting down the writing side is the end of stdin.
    func attach(_ reference: String, _ streams: AttachRequest) async throws -> AttachedStream
    func logs(_ reference: String, _ request: LogRequest) async throws -> any LogStream
    /// Moves a stopped container to another storage driver. - Throws: `.conflict` when it runs; `.notFound`,
    /// `.resourceExhausted`, `.dataCorrupted`. After an error it is where it was.
    func migrate(_ reference: String, to driver: String) async throws -> ContainerMigrationReport
    /// Changes the log driver, also of a container that runs: nothing is lost and nothing comes twice. An empty driver
    /// is the one that it has. After an error nothing has changed.
    func changeLog(_ reference: String, driver: String, options: [String: String]) async throws
    /// Removes stopped containers. - Returns: their ids and the bytes that became free.
    func prune(_ filter: @Sendable (ContainerSnapshot) -> Bool) async throws -> (ids: [String], bytes: Int64)
}

/// Processes in running containers.
public protocol ExecService: Sendable {
    /// `.conflict` when the container does not run.
    func createExec(_ reference: String, _ request: ExecSnapshot) async throws -> String
    /// Starts it; with `detach` the stream is nil.
    func startExec(_ id: String, detach: Bool, tty: Bool, consoleSize: (rows: UInt16, columns: UInt16)?) async throws -> AttachedStream?
    func inspectExec(_ id: String) async throws -> ExecSnapshot
    func resizeExec(_ id: String, rows: UInt16, columns: UInt16) async throws
}

public protocol ImageService: Sendable {
    func listImages() async throws -> [ImageSnapshot]
    func inspectImage(_ reference: String) async throws -> ImageSnapshot
    /// A root file system from `source`, a tar archive (plain, gzip, xz, zstd or bzip2).
    func importImage(from source: any ByteSource, reference: String?, message: String, changes: [String], platform: String?) async throws -> String
    /// docker-archive or OCI layout. - Returns: what was loaded, a line each ("Loaded image: busybox:latest").
    func loadImages(from source: any ByteSource) async throws -> [String]
    /// A docker-archive of these images, written to `sink`. References are checked before the first byte.
    func saveImages(_ references: [String]) async throws -> @Sendable (any ByteSink) async throws -> Void
    func tagImage(_ reference: String, as tag: String) async throws
    /// What happened, in order.
    func removeImage(_ reference: String, force: Bool, prune: Bool) async throws -> [ImageRemoval]
    func history(_ reference: String) async throws -> [ImageHistoryEntry]
    /// Moves its layers to another storage driver. - Throws: `.notFound`; `.conflict` while it is being migrated;
    /// `.resourceExhausted`, `.dataCorrupted`. After an error it is where it was.
    func migrateImage(_ reference: String, to driver: String) async throws -> ImageMigrationReport
    func pruneImages(all: Bool, _ filter: @escaping @Sendable (ImageSnapshot) -> Bool) async throws -> (removals: [ImageRemoval], bytes: Int64)
}

public protocol NetworkService: Sendable {
    func listNetworks() async -> [NetworkSnapshot]
    func inspectNetwork(_ reference: String) async throws -> (network: NetworkSnapshot, containers: [ContainerSnapshot])
    func createNetwork(_ request: NetworkRequest) async throws -> (id: String, warnings: [String])
    func removeNetwork(_ reference: String) async throws
}

public protocol VolumeService: Sendable {
    func listVolumes() async throws -> [VolumeSnapshot]
    func inspectVolume(_ name: String) async throws -> VolumeSnapshot
    /// Idempotent for the same driver. An empty name makes an anonymous volume.
    func createVolume(name: String, driver: String, options: [String: String], labels: [String: String]) async throws -> VolumeSnapshot
    func removeVolume(_ name: String, force: Bool) async throws
    func pruneVolumes(all: Bool, _ filter: @Sendable (VolumeSnapshot) -> Bool) async throws -> (names: [String], bytes: Int64)
}

public protocol SystemService: Sendable {
    func information() async -> SystemInformation
    /// Events from `since` on (ns; nil: from now), until `until`; the stream ends with an error when the reader
    /// falls too far behind. Bounded memory.
    func events(since: Int64?, until: Int64?) async -> AsyncThrowingStream<EngineEvent, any Error>
    func metrics() -> EngineMetrics
    /// What goes on now. Waits for nothing.
    func dump() -> SystemDump
    /// Of each storage driver that holds something, of these volumes, and of everything; walks the trees.
    func diskUsage(of images: [ImageSnapshot], _ volumes: [VolumeSnapshot]) async -> DiskUsage
}

/// The engine's records, files and kernel objects, compared with each other.
public protocol CheckService: Sendable {
    /// Safe beside everything else that goes on: what is being made, changed or removed is no finding.
    /// - Parameters:
    ///   - deep: reads every blob.
    ///   - repair: mends what can be.
    func check(deep: Bool, repair: Bool) async throws -> CheckReport
}

/// A driver is named "kind/name", or by its name alone if that is the name of one.
public protocol DriverService: Sendable {
    /// By kind and name; versions of one side by side, the newest first.
    func drivers() async -> [DriverSnapshot]
    func driverCalls() async -> [DriverCallSnapshot]
    /// - Parameter file: the file's name, "liblog-ring.so"; the file itself is `source`.
    func installDriver(file: String, from source: any ByteSource) async throws -> DriverSnapshot
    /// Puts another version in the place of the one that serves; if it does not open, that one serves on.
    func upgradeDriver(_ reference: String, file: String, from source: any ByteSource) async throws -> DriverSnapshot
    /// `.conflict` while anything uses it, `.permissionDenied` for one that was not installed through here.
    func removeDriver(_ reference: String) async throws
}

/// What a `create` call asks of networks: the endpoints by network name.
public struct NetworkingRequest: Sendable, Equatable {
    public struct Endpoint: Sendable, Equatable {
        public var network: String
        public var address: String
        public var aliases: [String]
        public var mac: String
        public init(network: String, address: String = "", aliases: [String] = [], mac: String = "") {
            self.network = network
            self.address = address
            self.aliases = aliases
            self.mac = mac
        }
    }
    public var endpoints: [Endpoint]
    public init(endpoints: [Endpoint] = []) { self.endpoints = endpoints }
}

public struct NetworkRequest: Sendable, Equatable {
    public var name, driver: String
    public var subnets: [NetworkSnapshot.Subnet]
    public var options, labels: [String: String]
    public var isInternal: Bool
    public init(name: String, driver: String = "", subnets: [NetworkSnapshot.Subnet] = [], options: [String: String] = [:], labels: [String: String] = [:], isInternal: Bool = false) {
        self.name = name
        self.driver = driver
        self.subnets = subnets
        self.options = options
        self.labels = labels
        self.isInternal = isInternal
    }
}

public struct ImageMigrationReport: Sendable, Equatable {
    public var image: String
    /// The drivers that held it before, without the new one.
    public var from: [String]
    public var to: String
    /// Containers for which the old drivers keep its layers until they are removed or migrated.
    public var stillUsedBy: [String]
}

public struct ContainerMigrationReport: Sendable, Equatable {
    public var container, from, to: String
}

/// Bytes.
public struct ContainerSize: Sendable, Equatable {
    /// What the container wrote itself.
    public var written: Int64
    /// With its image.
    public var whole: Int64
    public init(written: Int64, whole: Int64) {
        self.written = written
        self.whole = whole
    }
}

public enum WaitCondition: String, Sendable { case notRunning = "not-running", nextExit = "next-exit", removed }

public struct WaitResult: Sendable, Equatable {
    public var exitCode: Int32
    public var error: String?
    public init(exitCode: Int32, error: String? = nil) {
        self.exitCode = exitCode
        self.error = error
    }
}

public struct AttachRequest: Sendable, Equatable {
    public var stdin, stdout, stderr: Bool
    /// What the container wrote before, from its log, and then (or only) what comes.
    public var logs, stream: Bool
    public init(stdin: Bool, stdout: Bool, stderr: Bool, logs: Bool = false, stream: Bool = true) {
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.logs = logs
        self.stream = stream
    }
}

/// A connected socket to a container's streams.
public struct AttachedStream: ~Copyable, Sendable {
    public var socket: OwnedFD
    /// Raw bytes instead of frames.
    public let isTerminal: Bool
    public init(socket: consuming OwnedFD, isTerminal: Bool) {
        self.socket = socket
        self.isTerminal = isTerminal
    }

    /// Gives the socket away; the caller closes it.
    public consuming func takeSocket() -> Int32 { socket.take() }
}

public struct LogRequest: Sendable, Equatable {
    public var stdout, stderr, follow: Bool
    /// ns since 1970; 0: no limit.
    public var since, until: Int64
    /// nil: all.
    public var tail: Int?
    public init(stdout: Bool, stderr: Bool, follow: Bool = false, since: Int64 = 0, until: Int64 = 0, tail: Int? = nil) {
        self.stdout = stdout
        self.stderr = stderr
        self.follow = follow
        self.since = since
        self.until = until
        self.tail = tail
    }
}

public struct LogRecord: Sendable, Equatable {
    /// Without the newline.
    public var bytes: [UInt8]
    public var time: Int64
    public var isStderr, isPartial: Bool
    public init(bytes: [UInt8], time: Int64, isStderr: Bool, isPartial: Bool) {
        self.bytes = bytes
        self.time = time
        self.isStderr = isStderr
        self.isPartial = isPartial
    }
}

/// Log lines, pulled: nothing is read ahead of the reader but one batch.
public protocol LogStream: Sendable {
    var isTerminal: Bool { get }
    /// The next lines, waiting for them with `follow`; nil: the end. Cancellation ends the wait.
    func next() async throws -> [LogRecord]?
    func close() async
}

/// Bytes of a request's body, pulled.
public protocol ByteSource: Sendable {
    /// nil: the end.
    func next() async throws -> [UInt8]?
}

/// Bytes of a response's body; returns when the receiver takes more.
public protocol ByteSink: Sendable {
    func write(_ bytes: [UInt8]) async throws
}

public enum ImageRemoval: Sendable, Equatable {
    case untagged(String)
    case deleted(String)
}

public struct ImageHistoryEntry: Sendable, Equatable {
    public var id: String
    /// ns since 1970.
    public var created: Int64
    public var createdBy, comment: String
    public var size: Int64
    public var tags: [String]
    public init(id: String, created: Int64, createdBy: String, comment: String, size: Int64, tags: [String]) {
        self.id = id
        self.created = created
        self.createdBy = createdBy
        self.comment = comment
        self.size = size
        self.tags = tags
    }
}

public struct SystemInformation: Sendable, Equatable {
    public var id = "", name = "", dataRoot = ""
    public var containers = 0, running = 0, paused = 0, stopped = 0, images = 0
    public var storageDriver = "", logDriver = "", cgroupDriver = "cgroupfs", cgroupVersion = "1"
    public var kernel = "", operatingSystem = "", osVersion = "", architecture = ""
    public var cpus = 0
    /// Bytes.
    public var memory: Int64 = 0
    public var drivers: [String: [String]] = [:]
    /// Storage drivers that hold something here.
    public var storageInUse: [String] = []
    public var registryMirrors: [String] = [], insecureRegistries: [String] = []
    public var labels: [String] = []
    public var warnings: [String] = []
    public var securityOptions: [String] = []
    public var debug = false, experimental = false
    public var openDescriptors = 0, eventListeners = 0
    /// ns since 1970.
    public var now: Int64 = 0
    public init() {}
}
