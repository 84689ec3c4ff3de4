import ContentStore
import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import OCISpecs
import StateStore

extension ImageCatalog: Reconciled {
    static func holdsBack(_ store: StateStore) throws(EngineError) -> Bool {
        let kinds = Set(try store.setAsideRecords().map(\.kind))
        return !store.setAsideDatabases.isEmpty || kinds.contains(ImageSnapshot.kind) || kinds.contains(ImageMigration.kind)
    }

    func discrepancies(deep: Bool) async -> [Discrepancy] {
        let before = images, usersBefore = await users(), wasQuiet = isQuiet
        let drivers = storageDrivers().union(usersBefore.values.map(\.driver))
        let world: ImageWorld
        do throws(EngineError) {
            world = try await ImageWorld.look(store, content, registry, storage: drivers, configurations: Set(before.keys.compactMap { Digest($0) }), deep: deep)
        } catch {
            return [Discrepancy(.image, "all", "the images could not be looked at: \(error)")]
        }
        holdsBack = world.holdsBack
        let usersAfter = await users()
        let comparison = ImageComparison(
            catalog: self, world: world, images: before.filter { images[$0.key] == $0.value && migrations[$0.key] == nil },
            known: before.merging(images) { $1 }, users: usersBefore.filter { usersAfter[$0.key] == $0.value }, isQuiet: wasQuiet && isQuiet)
        return comparison.all()
    }

    /// Nothing arrives, moves or goes.
    private var isQuiet: Bool { migrations.isEmpty && lane.isIdle && blobs.isQuiet && layers.values.allSatisfy(\.isQuiet) }

    /// A container, and what it stands on.
    struct User: Equatable {
        var name, image, driver: String
    }

    private func users() async -> [String: User] {
        Dictionary(await containers().map { ($0.id, User(name: $0.name, image: $0.imageID, driver: $0.storageDriver)) }, uniquingKeysWith: { $1 })
    }

    // MARK: repairs

    func collectNow() async { _ = await collect(in: storageDrivers()) }

    /// Unpacks what the driver has lost.
    func restoreLayers(_ image: ImageSnapshot, in driver: String) async throws(EngineError) {
        let storage = try await registry.storage(driver)
        do { try await arriving(in: [driver]) { _ = try await unpacker.unpack(image.diffIDs.compactMap { Digest($0) }, into: storage, named: driver) } } catch {
            throw EngineError.wrapping(error)
        }
    }

    /// Moves a blob that is not what its name says out of the way, so that it can come in again.
    func setAside(_ blob: Digest, _ reason: String) async throws(EngineError) {
        try await BlockingCalls.run { [content, quarantine] in try quarantine.take(content.path(blob), as: "blob-\(blob.hex)", reason) }
    }

    func removeIncoming(_ name: String) async throws(EngineError) {
        guard isQuiet else { throw EngineError(.conflict, "content arrives just now; check again") }
        try await BlockingCalls.run { [content] in try content.removeIncoming(name) }
    }
}
