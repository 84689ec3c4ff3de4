public import ContainerRuntime
public import DriverHost
public import EngineModel
public import Logging
public import StateStore

/// What the containers need of the rest of the engine.
public struct ContainerEnvironment: Sendable {
    public var store: StateStore
    public var registry: DriverRegistry
    public var events: EventBus
    public var images: ImageCatalog
    public var networks: NetworkCatalog
    public var volumes: VolumeCatalog
    public var runtime: ContainerRuntime
    public var logger: Logger
    private let live: LiveDefaults
    public var defaults: ContainerDefaults { live.value }

    public init(
        store: StateStore, registry: DriverRegistry, events: EventBus, images: ImageCatalog, networks: NetworkCatalog,
        volumes: VolumeCatalog, runtime: ContainerRuntime, logger: Logger, defaults: LiveDefaults
    ) {
        self.store = store
        self.registry = registry
        self.events = events
        self.images = images
        self.networks = networks
        self.volumes = volumes
        self.runtime = runtime
        self.logger = logger
        live = defaults
    }
}

/// The daemon's configuration, as far as containers are concerned.
public struct ContainerDefaults: Sendable {
    public var dataRoot: String
    public var mark: String
    /// Options of the default log driver.
    public var logOptions: [String: String] = [:]
    public var ulimits: [Ulimit] = []
    /// Bytes.
    public var shmSize: Int64 = 64 << 20
    public var useInit = false
    /// The static init that `--init` mounts into the container.
    public var initPath = ""
    public var cgroupParent = "gantry"
    /// Log drivers are checked by the shim as the daemon checks its own.
    public var checksOwnership = true

    public init(dataRoot: String, mark: String) {
        self.dataRoot = dataRoot
        self.mark = mark
    }
}
