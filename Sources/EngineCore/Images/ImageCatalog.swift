public import ContentStore
public import DriverHost
public import EngineErrors
public import EngineModel
import Logging
import OCISpecs
public import StateStore

/// Every image: its names, its record and where its layers are. Content lies in the content store, unpacked layers
/// with the storage drivers.
///
/// Changes of names and records follow each other in `lane`, which waits for no driver. What takes long is done beside it:
/// content that arrives, and the removal of what nobody needs any more; see `Place`.
public actor ImageCatalog: ImageService {
    let store: StateStore
    let content: ContentStore
    let registry: DriverRegistry
    let events: EventBus
    let unpacker: LayerUnpacker
    let logger = Logger(label: "images")
    let lane = Lane("images")
    /// By id.
    var images: [String: ImageSnapshot] = [:]
    var containers: @Sendable () async -> [ContainerSnapshot] = { [] }
    /// Ids of images that may be removed in this moment, if no container needs them.
    var leaving: Set<String> = []
    let blobs = Place(nil)
    /// By storage driver.
    var layers: [String: Place] = [:]
    /// Images on their way to another storage driver, and to which.
    var migrations: [String: String] = [:]
    /// Records were set aside: layers and blobs without an image may be theirs, and stay.
    var holdsBack = false
    let quarantine: Quarantine

    /// Loads what is stored, and removes what an earlier process left without an image.
    public init(store: StateStore, content: ContentStore, registry: DriverRegistry, events: EventBus, dataRoot: String) async throws {
        quarantine = Quarantine(dataRoot: dataRoot)
        self.store = store
        self.content = content
        self.registry = registry
        self.events = events
        unpacker = LayerUnpacker(content)
        images = Dictionary(try store.load(ImageSnapshot.self).map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        migrations = Dictionary(try store.load(ImageMigration.self).map { ($0.image, $0.driver) }, uniquingKeysWith: { $1 })
        holdsBack = try Self.holdsBack(store)
        await forgetLostLayers()
        _ = await collect(in: storageDrivers())
    }

    /// All containers, running or not, and those that are being created.
    public func setContainers(_ containers: @escaping @Sendable () async -> [ContainerSnapshot]) { self.containers = containers }

    /// - Throws: `.notFound` "No such image: nosuch:latest"; `.invalidArgument` for what is no reference.
    public func resolve(_ reference: String) async throws(EngineError) -> ImageSnapshot { try find(reference) }

    public func inspectImage(_ reference: String) async throws -> ImageSnapshot { try find(reference) }

    /// Newest first.
    public func listImages() async throws -> [ImageSnapshot] {
        images.values.sorted { ($0.created, $0.id) > ($1.created, $1.id) }
    }

    /// Makes sure that `storage` holds the image's layers. At once when it does. From then on the image stays, if the
    /// container that needs it is among `containers`.
    public func ensureUnpacked(_ image: ImageSnapshot, in storage: StorageInstance) async throws(EngineError) {
        if leaving.contains(image.id) { await lane.run("see whether an image was removed") {} }
        guard images[image.id] != nil else { throw Self.missing(image.id) }
        if image.topLayer.isEmpty || images[image.id]?.storageDrivers.contains(storage.name) == true { return }
        do {
            try await arriving(in: [storage.name]) {
                // From here on its content stays, if it is there still.
                guard images[image.id] != nil else { throw Self.missing(image.id) }
                _ = try await unpacker.unpack(image.diffIDs.compactMap { Digest($0) }, into: storage, named: storage.name)
                try await lane.run("note what was unpacked") { try await note(image.id, in: storage.name) }
            }
        } catch {
            throw EngineError.wrapping(error)
        }
    }

    private func note(_ id: String, in driver: String) async throws {
        guard var image = images[id], !image.storageDrivers.contains(driver) else { return }
        image.storageDrivers.append(driver)
        images[id] = image
        try await store.saveRelaxed(image)
    }

    func announce(_ action: String, _ image: ImageSnapshot, name: String) {
        var attributes = image.configuration.labels
        attributes["name"] = name
        events.publish(EngineEvent(.image, action, actor: image.id, attributes: attributes, time: Clock.now()))
    }
}
