import DriverKit
import EngineErrors
import EngineModel

/// The table of containers beside what there is of them.
struct ContainerComparison {
    let catalog: ContainerCatalog
    let world: ContainerWorld
    /// Those that nobody changed while the world was looked at.
    let containers: [String: ContainerCatalog.Settled]
    /// Every id that the table knew before or knows after.
    let known: Set<String>

    func all() -> [Discrepancy] { shims() + cgroups() + folders() + layers() + endpoints() + leases() }

    /// What belongs to no container.
    private func orphan(
        _ kind: Finding.Kind, _ object: String, of id: String, _ what: String, _ mend: @escaping @Sendable () async throws(EngineError) -> Void
    ) -> Discrepancy? {
        if known.contains(id) { return nil }
        if world.isStateLost || world.heldBack.contains(id) {
            return Discrepancy(kind, object, "\(what) of the container \(id), whose record was set aside; it is kept for as long as that lies there")
        }
        return Discrepancy(kind, object, "\(what) of the container \(id), which does not exist", .remove, mend)
    }

    /// What a container that does not run has no longer.
    private func leftover(_ kind: Finding.Kind, _ object: String, of id: String, _ what: String) -> Discrepancy? {
        guard let container = containers[id], !container.isRunning else { return nil }
        return Discrepancy(kind, object, "\(what) of the container \(container.snapshot.name), which does not run", .remove) { [catalog] () async throws(EngineError) in
            try await catalog.clearLeftovers(id)
        }
    }

    private func shims() -> [Discrepancy] {
        let strays = world.shims.keys.sorted().compactMap { id in
            orphan(.shim, id, of: id, "a shim or its folder") { [catalog] () async throws(EngineError) in try await catalog.removeOrphan(id) }
                ?? leftover(.shim, id, of: id, "the shim's folder")
        }
        let unreachable = containers.filter { $0.value.isRunning && world.shims[$0.key] != true }.map { id, container in
            Discrepancy(.shim, id, "the socket of the shim of the container \(container.snapshot.name) is gone: nobody can attach to it, and the next daemon will not find it; restart the container")
        }
        return strays + unreachable
    }

    private func cgroups() -> [Discrepancy] {
        let strays = world.cgroups.keys.sorted().compactMap { id in
            orphan(.cgroup, id, of: id, "the cgroup") { [catalog] () async throws(EngineError) in try await catalog.removeOrphan(id) }
                ?? leftover(.cgroup, id, of: id, "the cgroup")
        }
        let missing = containers.filter { $0.value.isRunning && world.cgroups[$0.key] != true }.map { id, container in
            Discrepancy(.cgroup, id, "the cgroup of the container \(container.snapshot.name), which runs, is gone or a part of it, and with it its limits", .restore) {
                [catalog] () async throws(EngineError) in try await catalog.remakeCgroup(id)
            }
        }
        return strays + missing
    }

    private func folders() -> [Discrepancy] {
        let strays = world.folders.sorted().compactMap { id in
            orphan(.folder, id, of: id, "the folder") { [catalog] () async throws(EngineError) in try await catalog.removeOrphanFolder(id) }
        }
        let missing = containers.filter { !world.folders.contains($0.key) }.map { id, container in
            Discrepancy(.folder, id, "the folder of the container \(container.snapshot.name) is gone, and its log with it", .restore) {
                [catalog] () async throws(EngineError) in try await catalog.remakeFolder(id)
            }
        }
        return strays + missing
    }

    private func layers() -> [Discrepancy] {
        world.layers.sorted { $0.key < $1.key }.flatMap { driver, snapshots in strayLayers(driver, snapshots) + missingLayers(driver, snapshots) }
    }

    private func strayLayers(_ driver: String, _ snapshots: [Snapshot]) -> [Discrepancy] {
        snapshots.compactMap { snapshot in
            guard snapshot.state == .active, let id = ContainerLayer.container(ofSnapshot: snapshot.key) else { return nil }
            let remove: @Sendable () async throws(EngineError) -> Void = { [catalog] () async throws(EngineError) in try await catalog.removeStrayLayer(id, driver) }
            if let container = containers[id], container.snapshot.storageDriver != driver {
                // It was being migrated, or had been.
                return Discrepancy(.layer, snapshot.key, "in \(driver), while the container \(container.snapshot.name) is in \(container.snapshot.storageDriver)", .remove, remove)
            }
            return orphan(.layer, snapshot.key, of: id, "the layer in \(driver)", remove)
        }
    }

    private func missingLayers(_ driver: String, _ snapshots: [Snapshot]) -> [Discrepancy] {
        let held = Set(snapshots.map(\.key))
        return containers.compactMap { id, container in
            let key = ContainerLayer.key(id), name = container.snapshot.name
            guard container.snapshot.storageDriver == driver, !held.contains(key) else { return nil }
            guard container.snapshot.status.started == 0 else {
                return Discrepancy(.layer, key, "the layer of the container \(name) is gone from \(driver), and with it what the container wrote; remove the container")
            }
            var lost = Discrepancy(.layer, key, "the layer of the container \(name) is gone from \(driver); it was never started", .restore) {
                [catalog] () async throws(EngineError) in try await catalog.remakeLayer(id)
            }
            lost.waitsForUse = true
            return lost
        }
    }

    private func endpoints() -> [Discrepancy] {
        containers.filter(\.value.isRunning).flatMap { id, container in
            container.snapshot.networks.filter { world.missingEndpoints.contains($0.endpointID) }.map { endpoint in
                Discrepancy(.endpoint, endpoint.endpointID, "the container \(container.snapshot.name) has lost its interface in the network \(endpoint.networkName), or ports of it", .restore) {
                    [catalog] () async throws(EngineError) in try await catalog.reconnect(id, endpoint)
                }
            }
        }
    }

    private func leases() -> [Discrepancy] {
        let strays = world.leases.compactMap { endpoint, id -> Discrepancy? in
            guard !known.contains(id) || containers[id]?.isRunning == false else { return nil }
            return Discrepancy(.address, endpoint, "an address and ports are held for the container \(id), which does not run", .remove) {
                [catalog] () async throws(EngineError) in await catalog.environment.networks.dropLease(endpoint, of: id)
            }
        }
        let missing = containers.filter(\.value.isRunning).flatMap { id, container in
            container.snapshot.networks.filter { !$0.endpointID.isEmpty && world.leases[$0.endpointID] == nil }.map { endpoint in
                Discrepancy(.address, endpoint.endpointID, "the address \(endpoint.address) of the container \(container.snapshot.name) is not held for it", .restore) {
                    [catalog] () async throws(EngineError) in await catalog.environment.networks.adopt(endpoint, container: id)
                }
            }
        }
        return strays + missing
    }
}
