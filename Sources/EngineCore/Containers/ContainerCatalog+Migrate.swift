import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import LinuxSystem
import Logging
import StateStore

extension ContainerCatalog {
    /// Moves a stopped container to another storage driver: its layer is made there and compared, the record says so,
    /// and the old layer goes. A layer that is not where the record says has no owner, and the next boot removes it.
    public func migrate(_ reference: String, to driver: String) async throws -> ContainerMigrationReport {
        let entry = try entry(reference)
        return try await inLane(entry, "migration to \(driver)") {
            guard entries[entry.snapshot.id] === entry else { throw EngineError(.notFound, "No such container: \(reference)") }
            let container = entry.snapshot, old = container.storageDriver
            if [.running, .paused, .restarting].contains(container.status.state) {
                throw EngineError(.conflict, "cannot migrate container \"/\(container.name)\": container is \(container.status.state.rawValue): stop the container before migrating it")
            }
            let target = try await environment.registry.storage(driver)
            if old == driver { return ContainerMigrationReport(container: container.id, from: old, to: driver) }
            let source = try await environment.registry.storage(old)
            try await copyLayer(container, from: source, to: target)
            FailPoint.after("container.migrate.copy")
            do {
                try await change(entry) {
                    $0.storageDriver = driver
                    $0.host.storageDriver = driver
                }
            } catch {
                await Leftovers.remove { try await target.remove(layer(container.id)) }
                throw error
            }
            publish("migrate", entry.snapshot, ["from": old, "to": driver])
            FailPoint.after("container.migrate.record")
            do throws(EngineError) { try await source.remove(layer(container.id)) } catch {
                logger.warning("the old layer of a migrated container is not removed yet", metadata: ["container": "\(container.id)", "error": "\(error)"])
                Leftovers.shared.note()
            }
            return ContainerMigrationReport(container: container.id, from: old, to: driver)
        }
    }

    private func copyLayer(_ container: ContainerSnapshot, from source: StorageInstance, to target: StorageInstance) async throws(EngineError) {
        let key = layer(container.id)
        // Of an image that was removed by force nothing is left but this tree: all of it is copied.
        let image = try? await environment.images.resolve(container.imageID)
        if let image { try await environment.images.ensureUnpacked(image, in: target) }
        let mounts = try await source.mounts(key)
        try? await target.remove(key)
        let made = try await target.prepare(key, parent: image?.topLayer ?? "")
        do throws(EngineError) { try await environment.images.copyTree(mounts, to: made) } catch {
            await Leftovers.remove { try await target.remove(key) }
            throw error
        }
    }
}
