public import DriverHost
import DriverKit
public import EngineModel
import Glibc
public import StateStore

/// What the daemon says of itself and of its host.
public struct SystemInfo: SystemService {
    /// What the configuration says, as it is now: a reload may change it.
    public struct Settings: Sendable, Equatable {
        public var registryMirrors: [String] = [], insecureRegistries: [String] = []
        public var labels: [String] = []
        public var warnings: [String] = []
        public var debug = false
        public init() {}
    }

    public struct Counts: Sendable, Equatable {
        public var containers = 0, running = 0, paused = 0, stopped = 0, images = 0
        public init() {}
    }

    private let id: String
    private let dataRoot: String
    let store: StateStore
    let registry: DriverRegistry
    let events: EventBus
    private let host: HostFacts
    private let settings: @Sendable () -> Settings
    private let counts: @Sendable () async -> Counts
    let actions: @Sendable () -> [String: Histogram]

    /// The daemon's id is made on the first boot and kept in `store`.
    public init(
        store: StateStore, registry: DriverRegistry, events: EventBus, dataRoot: String,
        settings: @escaping @Sendable () -> Settings, counts: @escaping @Sendable () async -> Counts,
        actions: @escaping @Sendable () -> [String: Histogram] = { [:] }
    ) async throws {
        if let known = try store.value("daemon-id") {
            id = known
        } else {
            id = Self.randomID()
            try await store.setValue("daemon-id", id)
        }
        self.dataRoot = dataRoot
        self.store = store
        self.registry = registry
        self.events = events
        self.settings = settings
        self.counts = counts
        self.actions = actions
        host = HostFacts()
    }

    public func information() async -> SystemInformation {
        var information = SystemInformation()
        information.id = id
        information.dataRoot = dataRoot
        information.now = Clock.now()
        information.eventListeners = events.listeners
        host.describe(&information)
        describeDrivers(&information)
        let settings = settings()
        information.registryMirrors = settings.registryMirrors
        information.insecureRegistries = settings.insecureRegistries
        information.labels = settings.labels
        information.warnings = settings.warnings
        information.debug = settings.debug
        let counts = await counts()
        information.containers = counts.containers
        information.running = counts.running
        information.paused = counts.paused
        information.stopped = counts.stopped
        information.images = counts.images
        return information
    }

    public func events(since: Int64?, until: Int64?) async -> AsyncThrowingStream<EngineEvent, any Error> {
        events.stream(since: since, until: until)
    }

    public func diskUsage(of images: [ImageSnapshot], _ volumes: [VolumeSnapshot]) async -> DiskUsage {
        await DiskReport(registry: registry, dataRoot: dataRoot).make(images, volumes)
    }

    private func describeDrivers(_ information: inout SystemInformation) {
        information.storageDriver = registry.defaultName(.storage)
        information.storageInUse = registry.storageInUse
        information.logDriver = registry.defaultName(.log)
        for status in registry.statuses() { information.drivers["\(status.kind)", default: []].append(status.name) }
        for kind in information.drivers.keys { information.drivers[kind] = Set(information.drivers[kind] ?? []).sorted() }
    }

    /// In the form of RFC 9562, version 4.
    private static func randomID() -> String {
        var digits = Array(Identifier.random().prefix(32))
        digits[12] = "4"
        digits[16] = "a"
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return groups.map { String(digits[$0]) }.joined(separator: "-")
    }
}
