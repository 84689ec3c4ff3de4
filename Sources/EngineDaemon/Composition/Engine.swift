import ContainerRuntime
import ContentStore
import DriverHost
import EngineCore
import EngineErrors
import EngineHTTP
import EngineModel
import LinuxCgroups
import LinuxSystem
import Logging
import StateStore

/// The parts of a running engine, put together here and nowhere else.
struct Engine: Sendable {
    let store: StateStore
    let events: EventBus
    let containers: ContainerCatalog
    let images: ImageCatalog
    let networks: NetworkCatalog
    let volumes: VolumeCatalog
    let system: SystemInfo
    let drivers: DriverCatalog
    let check: SystemCheck
    private let registry: DriverRegistry
    private let defaults: LiveDefaults
    private let files: InstalledFiles

    var services: EngineServices {
        EngineServices(
            containers: containers, execs: containers, images: images, networks: networks, volumes: volumes, system: system, drivers: drivers, check: check)
    }

    /// Opens the state, takes back what runs, and is ready to serve.
    init(_ configuration: DaemonConfiguration, _ files: InstalledFiles, _ live: LiveSettings, _ logger: Logger) async throws {
        let mark = Mark.of(configuration.dataRoot)
        store = try StateStore(path: "\(configuration.dataRoot)/state.sqlite", isExpected: EnginePlaces.isUsed(configuration.dataRoot))
        FailPoint.after("boot.store")
        events = EventBus()
        self.files = files
        registry = DriverRegistry(configuration.registry(files, mark, events))
        defaults = LiveDefaults(configuration.containerDefaults(files, mark))
        try await DefaultDrivers.check(registry, configuration, files)
        let content = try ContentStore(root: "\(configuration.dataRoot)/content")
        images = try await ImageCatalog(store: store, content: content, registry: registry, events: events, dataRoot: configuration.dataRoot)
        FailPoint.after("boot.images")
        networks = try await NetworkCatalog(store: store, registry: registry, events: events, defaults: configuration.networkDefaults(mark))
        volumes = try await VolumeCatalog(store: store, registry: registry, events: events)
        FailPoint.after("boot.volumes")
        let runtime = try ContainerRuntime(
            program: ShimProgram(path: try files.required("gantry-shim")), execRoot: configuration.execRoot, cgroups: try CgroupSystem.detect())
        containers = try await ContainerCatalog(
            ContainerEnvironment(
                store: store, registry: registry, events: events, images: images, networks: networks, volumes: volumes, runtime: runtime,
                logger: logger, defaults: defaults))
        FailPoint.after("boot.containers")
        system = try await SystemInfo(
            store: store, registry: registry, events: events, dataRoot: configuration.dataRoot, settings: { live.information },
            counts: Self.counts(containers, images), actions: { [containers] in containers.actionTimes })
        drivers = DriverCatalog(
            registry: registry, events: events, folder: configuration.driverFolder, users: DriverUsers.find(containers, images, networks, volumes),
            renewLogs: { [containers] name in await containers.renewLogs(of: name) })
        registry.startIsOver()
        check = SystemCheck(
            EnginePlaces(dataRoot: configuration.dataRoot, execRoot: configuration.execRoot, drivers: { [registry] in Set(registry.statuses().map { "\($0.kind)/\($0.name)" }) }),
            store, containers, images, networks, volumes)
        await connect()
        for report in store.quarantined { logger.error("part of the state was set aside", metadata: ["error": "\(report)"]) }
    }

    /// What a reload may change: defaults of containers and drivers, for those that come.
    /// - Throws: what `DefaultDrivers` finds; then nothing has changed.
    func apply(_ configuration: DaemonConfiguration) async throws {
        let before = registry.defaults
        registry.change(defaults: configuration.defaultDrivers, isolation: configuration.isolation(files))
        do { try await DefaultDrivers.check(registry, configuration, files) } catch {
            registry.change(defaults: before.defaults, isolation: before.isolation)
            throw error
        }
        defaults.value = configuration.containerDefaults(files, defaults.value.mark)
    }

    /// The catalogues ask each other who uses what.
    private func connect() async {
        let containers = containers
        await images.setContainers { await containers.all() }
        await networks.setContainers { await containers.list() }
        await volumes.setUsers { name in await containers.users(ofVolume: name) }
    }

    private static func counts(_ containers: ContainerCatalog, _ images: ImageCatalog) -> @Sendable () async -> SystemInfo.Counts {
        {
            var counts = SystemInfo.Counts()
            for container in await containers.list() {
                counts.containers += 1
                switch container.status.state {
                case .running, .restarting: counts.running += 1
                case .paused: counts.paused += 1
                default: counts.stopped += 1
                }
            }
            counts.images = (try? await images.listImages().count) ?? 0
            return counts
        }
    }
}

extension InstalledFiles {
    fileprivate func required(_ name: String) throws(EngineError) -> String {
        if let path = executable(name) { return path }
        throw EngineError(.notFound, "the executable \(name) was found neither in \(folder) nor in \(folder)/../lib/gantry; install Gantry again")
    }
}
