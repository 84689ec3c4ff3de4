import ContentStore
import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import Glibc
import LinuxSystem
import Logging
import OCISpecs
import StateStore

// An image moves to another storage driver: unpacked there, compared, recorded, and only then gone from the old one.
extension ImageCatalog {
    public func migrateImage(_ reference: String, to driver: String) async throws -> ImageMigrationReport {
        let image = try find(reference), storage = try await registry.storage(driver)
        let old = image.storageDrivers.filter { $0 != driver }
        if old.isEmpty && image.storageDrivers.contains(driver) { return ImageMigrationReport(image: image.id, from: [], to: driver, stillUsedBy: []) }
        if migrations[image.id] != nil { throw EngineError(.conflict, "image \(Self.short(image.id)) is being migrated already") }
        do { return try await move(image, from: old, to: storage) } catch {
            await giveUpMigration(image.id, to: driver)
            throw error
        }
    }

    private func move(_ image: ImageSnapshot, from old: [String], to storage: StorageInstance) async throws -> ImageMigrationReport {
        migrations[image.id] = storage.name
        try await store.save(ImageMigration(image: image.id, driver: storage.name))
        try await arriving(in: Set(old).union([storage.name])) {
            guard images[image.id] != nil else { throw Self.missing(image.id) }
            try await bring(image, to: storage, comparedWith: old)
            FailPoint.after("image.migrate.copy")
            try await lane.run("end of a migration") { try await record(image.id, onlyIn: storage.name) }
            FailPoint.after("image.migrate.record")
        }
        await endMigration(image.id)
        announce("migrate", image, name: storage.name)
        _ = await collect(in: old)
        let users = await containers().filter { $0.imageID == image.id && old.contains($0.storageDriver) }
        return ImageMigrationReport(image: image.id, from: old, to: storage.name, stillUsedBy: users.map(\.name).sorted())
    }

    private func bring(_ image: ImageSnapshot, to storage: StorageInstance, comparedWith old: [String]) async throws {
        _ = try await unpacker.unpack(image.diffIDs.compactMap { Digest($0) }, into: storage, named: storage.name)
        guard !image.topLayer.isEmpty else { return }
        for name in old {
            // Without a driver that shows the old tree, the blobs, whose digests were checked, have to do.
            guard let source = try? await registry.storage(name) else { continue }
            return try await compare(image.topLayer, source, storage)
        }
    }

    private func compare(_ layer: String, _ one: StorageInstance, _ other: StorageInstance) async throws {
        let key = "\(LayerChain.unfinishedPrefix)compare-\(layer.suffix(64))"
        for storage in [one, other] { try? await storage.remove(key) }
        let mounts = (try await one.view(key, parent: layer), try await other.view(key, parent: layer))
        FailPoint.after("image.migrate.view")
        do { try await content.compareTrees(mounts.0, mounts.1) } catch {
            for storage in [one, other] { try? await storage.remove(key) }
            throw error
        }
        for storage in [one, other] { try await storage.remove(key) }
    }

    private func record(_ id: String, onlyIn driver: String) async throws {
        guard var image = images[id] else { throw Self.missing(id) }
        image.storageDrivers = [driver]
        try await store.save(image)
        images[id] = image
    }

    private func endMigration(_ id: String) async {
        migrations[id] = nil
        do throws(EngineError) { try await store.remove(ImageMigration.self, id) } catch {
            logger.warning("the record of a migration stays", metadata: ["image": "\(id)", "error": "\(error)"])
        }
    }

    /// What was unpacked has no owner then.
    private func giveUpMigration(_ id: String, to driver: String) async {
        await endMigration(id)
        _ = await collect(in: [driver])
    }

    /// After boot: goes on with what a daemon before had begun. Layers that it finished are not unpacked again. When
    /// the task is cancelled, the rest is left to the next daemon.
    public func resumeMigrations() async {
        for (id, driver) in migrations {
            do {
                guard let image = images[id] else { throw Self.missing(id) }
                _ = try await move(image, from: image.storageDrivers.filter { $0 != driver }, to: try await registry.storage(driver))
                logger.info("a migration was finished", metadata: ["image": "\(id)", "driver": "\(driver)"])
            } catch {
                if Task.isCancelled { return }
                await giveUpMigration(id, to: driver)
                logger.error("a migration was given up, the image stays where it was", metadata: ["image": "\(id)", "driver": "\(driver)", "error": "\(error)"])
            }
        }
    }

    /// The writable layer of a stopped container, from one driver to another. See `ContentStore.copyTree`.
    func copyTree(_ source: [Mount], to target: [Mount]) async throws(EngineError) {
        do { try await arriving { try await content.copyTree(source, to: target) } } catch { throw EngineError.wrapping(error) }
    }
}
