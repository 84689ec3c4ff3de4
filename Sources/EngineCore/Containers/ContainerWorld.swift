import ContainerRuntime
import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import LinuxCgroups
import LinuxSystem
import StateStore

/// What there is of containers outside of the table.
struct ContainerWorld: Sendable {
    /// Folders of running containers, and whether their shims can be reached.
    var shims: [String: Bool] = [:]
    /// Cgroups that carry our mark, and whether all of each is there.
    var cgroups: [String: Bool] = [:]
    /// Names of folders below `containers`.
    var folders: Set<String> = []
    /// By storage driver; none for one that could not be asked.
    var layers: [String: [Snapshot]] = [:]
    /// Of records that were set aside: what belongs to them stays.
    var heldBack: Set<String> = []
    /// A whole database was.
    var isStateLost = false
    /// Endpoints that a driver should have on the host and has not.
    var missingEndpoints: Set<String> = []
    /// Endpoints that hold an address, and whose they are.
    var leases: [String: String] = [:]

    static func look(_ environment: ContainerEnvironment, storage: Set<String>) async throws(EngineError) -> ContainerWorld {
        var world = try await BlockingCalls.run { [environment] in try files(environment) }
        for name in storage {
            if let storage = try? await environment.registry.storage(name), let layers = try? await storage.walk() { world.layers[name] = layers }
        }
        world.missingEndpoints = await environment.networks.missingEndpoints()
        world.leases = await environment.networks.leaseHolders()
        return world
    }

    private static func files(_ environment: ContainerEnvironment) throws(EngineError) -> ContainerWorld {
        var world = ContainerWorld()
        let defaults = environment.defaults
        for id in environment.runtime.known() { world.shims[id] = environment.runtime.hasSocket(id) }
        let cgroups = environment.runtime.cgroups, parent = defaults.cgroupParent
        for id in cgroups.list(below: parent) {
            let cgroup = cgroups.open("\(parent)/\(id)")
            if cgroup.mark == defaults.mark { world.cgroups[id] = cgroup.isWhole }
        }
        world.folders = Set((try? Files.list("\(defaults.dataRoot)/containers"))?.filter(Identifier.isFull) ?? [])
        world.heldBack = Set(try environment.store.setAsideRecords().filter { $0.kind == ContainerSnapshot.kind }.map(\.id))
        world.isStateLost = !environment.store.setAsideDatabases.isEmpty
        return world
    }
}
