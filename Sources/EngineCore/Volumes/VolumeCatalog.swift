public import DriverHost
public import DriverKit
public import EngineErrors
public import EngineModel
import Logging
public import StateStore

/// Every volume: who made it is the drivers' business, what is known of it is here.
///
/// Steps on one volume follow each other in the order of the calls; different volumes do not wait for each other.
public actor VolumeCatalog: VolumeService {
    let store: StateStore
    let registry: DriverRegistry
    let events: EventBus
    let logger = Logger(label: "volumes")
    var volumes: [String: VolumeSnapshot]
    /// Ids of the containers that have it mounted now.
    var mounted: [String: Set<String>] = [:]
    private var users: @Sendable (String) async -> [String] = { _ in [] }
    /// Volumes that are not there any more, or never came to be, and of which their driver's part or the record could not
    /// be removed.
    var remains: [String: VolumeSnapshot] = [:]
    private let lanes = Lanes()

    /// Loads what is stored, and takes in volumes that the default driver has and the store does not know, so that
    /// a lost database costs no data.
    public init(store: StateStore, registry: DriverRegistry, events: EventBus) async throws {
        self.store = store
        self.registry = registry
        self.events = events
        let stored = try store.load(VolumeSnapshot.self)
        volumes = Dictionary(stored.filter { $0.isUnfinished != true }.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        for volume in stored where volume.isUnfinished == true {
            do throws(EngineError) {
                try await clear(volume)
                logger.notice("removed a volume that was not finished", metadata: ["volume": "\(volume.name)"])
            } catch {
                logger.warning("what is left of a volume could not be removed", metadata: ["volume": "\(volume.name)", "error": "\(error)"])
            }
        }
        await discrepancies(deep: false).mendAtBoot(logger)
    }

    /// `users`: ids of the containers that refer to a volume, running or not.
    public func setUsers(_ users: @escaping @Sendable (String) async -> [String]) { self.users = users }

    public func listVolumes() async throws -> [VolumeSnapshot] {
        volumes.values.sorted { $0.name < $1.name }
    }

    public func inspectVolume(_ name: String) async throws -> VolumeSnapshot {
        guard let volume = volumes[name] else { throw VolumeFailure.missing("get", name) }
        return volume
    }

    /// What to mount for `user`, a container's id. One `unmount` for each `mount`.
    public func mount(_ name: String, user: String) async throws(EngineError) -> [Mount] {
        await enter(name, "mount for container \(user.prefix(12))")
        defer { leave(name) }
        guard let volume = volumes[name] else { throw VolumeFailure.missing("get", name) }
        let mounts = try await registry.volume(volume.driver).mount(name, user: user)
        mounted[name, default: []].insert(user)
        announce("mount", volume, ["container": user])
        return mounts
    }

    /// Idempotent. A driver that fails is written to the log: the container is gone either way.
    public func unmount(_ name: String, user: String) async {
        await enter(name, "unmount for container \(user.prefix(12))")
        defer { leave(name) }
        let wasMounted = mounted[name]?.remove(user) != nil
        if mounted[name]?.isEmpty == true { mounted[name] = nil }
        guard let volume = volumes[name] else { return }
        do throws(EngineError) {
            try await registry.volume(volume.driver).unmount(name, user: user)
        } catch {
            logger.warning("a volume could not be unmounted", metadata: ["volume": "\(name)", "container": "\(user)", "error": "\(error)"])
        }
        if wasMounted { announce("unmount", volume, ["container": user]) }
    }

    /// At boot: a container that still runs has it mounted.
    public func adopt(_ name: String, user: String) { mounted[name, default: []].insert(user) }

    /// Volumes that go with a container.
    public func owned() -> [VolumeSnapshot] { volumes.values.filter { $0.owner != nil } }

    /// The container goes, its volumes stay.
    public func disown(_ container: String) async throws(EngineError) {
        for var volume in volumes.values where volume.owner == container {
            volume.owner = nil
            try await store.save(volume)
            volumes[volume.name]?.owner = nil
        }
    }

    // MARK: for the other files of this type

    func referrers(of name: String) async -> [String] {
        Set(await users(name)).union(mounted[name] ?? []).sorted()
    }

    func announce(_ action: String, _ volume: VolumeSnapshot, _ more: [String: String] = [:]) {
        let attributes = more.merging(["driver": volume.driver]) { $1 }
        events.publish(EngineEvent(.volume, action, actor: volume.name, attributes: attributes, time: Clock.now()))
    }

    /// Takes the volume's lane; first come, first served.
    func enter(_ name: String, _ step: String) async {
        await lanes.enter(step, of: "volume \(name)")
    }

    /// Somebody is at work on it.
    func isBusy(_ name: String) -> Bool { lanes.isBusy("volume \(name)") }

    func leave(_ name: String) { lanes.leave("volume \(name)") }
}
