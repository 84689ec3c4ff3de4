public import EngineCore
public import Logging
import NIOHTTP1
public import ServiceLifecycle

/// What the routes may use.
public struct EngineServices: Sendable {
    public var containers: any ContainerService
    public var execs: any ExecService
    public var images: any ImageService
    public var networks: any NetworkService
    public var volumes: any VolumeService
    public var system: any SystemService
    public var drivers: any DriverService
    public var check: any CheckService

    public init(
        containers: any ContainerService, execs: any ExecService, images: any ImageService, networks: any NetworkService,
        volumes: any VolumeService, system: any SystemService, drivers: any DriverService, check: any CheckService
    ) {
        self.containers = containers
        self.execs = execs
        self.images = images
        self.networks = networks
        self.volumes = volumes
        self.system = system
        self.drivers = drivers
        self.check = check
    }
}

/// The Docker Engine API on one or several listeners.
public struct HTTPServer: Service {
    /// What this engine calls itself in `version`.
    public static let engineVersion = "0.1.0"

    private let transport: ServerTransport
    /// For a server of metrics alone.
    let counts: RequestCounts
    private let onReady: @Sendable ([String]) -> Void

    /// - Parameter clients: the connections, for those who want to see them.
    ///   At the end the requests under way get `patience` seconds; nil: as long as they take.
    public init(
        listeners: [Listener], services: EngineServices, clients: ClientTable, logger: Logger, patience: @escaping @Sendable () -> Int?,
        onReady: @escaping @Sendable ([String]) -> Void
    ) {
        let counts = RequestCounts()
        var router = Router(counts: counts)
        SystemRoutes(services).add(to: &router)
        DumpRoutes(system: services.system, clients: clients).add(to: &router)
        MetricsRoutes(system: services.system, clients: clients, counts: counts).add(to: &router)
        DriverRoutes(services).add(to: &router)
        CheckRoutes(services).add(to: &router)
        ContainerRoutes(services).add(to: &router)
        StreamRoutes(services).add(to: &router)
        ExecRoutes(services).add(to: &router)
        ImageRoutes(services).add(to: &router)
        NetworkRoutes(services).add(to: &router)
        VolumeRoutes(services).add(to: &router)
        let headers: HTTPHeaders = [
            "Api-Version": "\(APIVersion.maximum)", "Docker-Experimental": "false", "Ostype": "linux",
            "Server": "Gantry/\(Self.engineVersion) (linux)",
        ]
        transport = ServerTransport(listeners: listeners, handler: router, commonHeaders: headers, clients: clients, logger: logger, patience: patience)
        self.onReady = onReady
        self.counts = counts
    }

    /// Serves until the service group shuts down.
    public func run() async throws { try await transport.run(onReady: onReady) }
}
