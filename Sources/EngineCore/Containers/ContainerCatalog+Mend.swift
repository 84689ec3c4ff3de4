import ContainerRuntime
import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import Glibc
import LinuxCgroups
import LinuxSystem

// What repairs do. Each looks again first; ids are never used twice.
extension ContainerCatalog {
    /// Kills and removes what is left of a container that has no record.
    func removeOrphan(_ id: String) async throws(EngineError) {
        guard entries[id] == nil, !departing.contains(id) else { return }
        if case .running(let running, _) = await environment.runtime.adopt(id, pid: 0, cgroup: cgroup(id)) {
            await end(running)
        }
        try await cleanNow(id)
    }

    func removeOrphanFolder(_ id: String) throws(EngineError) {
        guard entries[id] == nil, !departing.contains(id) else { return }
        do { try Files.removeTree(directory(id)) } catch { throw EngineError(.internal, "\(directory(id)) can't be removed: \(error)", errno: error.code) }
    }

    /// Of no container, or of one whose layer is elsewhere.
    func removeStrayLayer(_ id: String, _ driver: String) async throws(EngineError) {
        let storage = try await environment.registry.storage(driver)
        try await whenIdle(id) { entry throws(EngineError) in
            if entry?.snapshot.storageDriver == driver { return }
            do throws(EngineError) { try await storage.remove(layer(id)) } catch  where error.code == .notFound {}
        }
    }

    func clearLeftovers(_ id: String) async throws(EngineError) {
        try await whenIdle(id) { entry throws(EngineError) in
            if entry?.running == nil { try await cleanNow(id) }
        }
    }

    func remakeFolder(_ id: String) async throws(EngineError) {
        guard let entry = entries[id] else { return }
        try makeFolders(entry.snapshot)
    }

    /// The container's folder, and that of its log.
    func makeFolders(_ container: ContainerSnapshot) throws(EngineError) {
        do {
            try Files.makeDirectories(directory(container.id), mode: 0o710)
            if container.logFolder != nil { try Files.makeDirectories(logDirectory(container.id, container.logFolder), mode: 0o710) }
        } catch {
            throw EngineError(error.code == ENOSPC ? .resourceExhausted : .internal, "the folder of the container can't be made: \(error)", errno: error.code)
        }
    }

    /// The layer of a container that was never started is empty.
    func remakeLayer(_ id: String) async throws(EngineError) {
        try await whenIdle(id) { entry throws(EngineError) in
            guard let entry, entry.snapshot.status.started == 0 else { return }
            let storage = try await environment.registry.storage(entry.snapshot.storageDriver)
            try await makeLayer(id, try await environment.images.resolve(entry.snapshot.imageID), storage)
        }
    }

    /// A container's layer, on those of its image.
    @discardableResult
    func makeLayer(_ id: String, _ image: ImageSnapshot, _ storage: StorageInstance) async throws(EngineError) -> [Mount] {
        var reason = ""
        for _ in 0..<3 {
            try await environment.images.ensureUnpacked(image, in: storage)
            do throws(EngineError) { return try await storage.prepare(layer(id), parent: image.topLayer) } catch  where error.code == .notFound {
                // They went again: the image was migrated, or removed by force.
                reason = error.message
            }
        }
        throw EngineError(.conflict, "the layers of the image \(image.tags.first ?? image.id) do not stay in \(storage.name) (\(reason)); try again, or see `gantry system check`")
    }

    /// With its limits, and with every process of the container's pid namespace in it.
    func remakeCgroup(_ id: String) async throws(EngineError) {
        try await whenIdle(id) { entry throws(EngineError) in
            guard let entry, let running = entry.running else { return }
            let limits = ContainerLimits(entry.snapshot).cgroup, path = cgroup(id), cgroups = environment.runtime.cgroups, mark = environment.defaults.mark
            let pid = running.pid
            try await BlockingCalls.run {
                let cgroup = try cgroups.create(path, limits, mark: mark)
                try cgroup.add(ProcessRow.companions(of: pid))
            }
        }
    }

    /// Out of the network and in again, with the address that it has.
    func reconnect(_ id: String, _ endpoint: EndpointSnapshot) async throws(EngineError) {
        try await whenIdle(id) { entry throws(EngineError) in
            guard let entry, let running = entry.running, entry.snapshot.networks.contains(endpoint) else { return }
            let namespace = try running.networkNamespace()
            try await environment.networks.rejoin(endpoint, container: id, netns: namespace.raw)
        }
    }

    /// In the container's lane, which does not wait: whoever is at work there changes what was found. nil: there is no such container.
    private func whenIdle(_ id: String, _ body: (Entry?) async throws(EngineError) -> Void) async throws(EngineError) {
        guard let entry = entries[id] else { return try await body(nil) }
        var failure: EngineError?
        let didRun = await entry.lane.runIfIdle("repair") {
            do throws(EngineError) { try await body(entry) } catch { failure = error }
        }
        if let failure { throw failure }
        if !didRun { throw EngineError(.conflict, "the container \(entry.snapshot.name) is being changed just now; check again") }
    }

    private func cleanNow(_ id: String) async throws(EngineError) {
        let runtime = environment.runtime, path = cgroup(id)
        try await BlockingCalls.run {
            try runtime.forget(id)
            try runtime.clean(cgroup: path)
        }
    }
}
