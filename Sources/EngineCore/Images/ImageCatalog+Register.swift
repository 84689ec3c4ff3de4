import ContentStore
import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import LinuxSystem
import OCISpecs
import StateStore

extension ImageCatalog {
    /// Unpacks an image whose content is in the store with the default storage driver, records it and names it.
    func register(_ loaded: LoadedImage, names: [String]) async throws -> ImageSnapshot {
        let storage = try await registry.storage(nil)
        return try await arriving(in: [storage.name]) { try await unpack(loaded, into: storage, names) }
    }

    private func unpack(_ loaded: LoadedImage, into storage: StorageInstance, _ names: [String]) async throws -> ImageSnapshot {
        let layers = loaded.configuration.rootfs.diffIDs
        let top = try await unpacker.unpack(layers, into: storage, named: storage.name)
        let sizes = try await layerSizes(layers, in: storage)
        FailPoint.after("image.unpack")
        return try await lane.run("register") {
            var image = images[loaded.id.description] ?? ImageSnapshot(loaded, topLayer: top, size: sizes.reduce(0, +))
            image.blobSizes = layers.map { (try? content.size($0)) ?? 0 }
            if !image.storageDrivers.contains(storage.name) { image.storageDrivers.append(storage.name) }
            try await name(image, names)
            return images[image.id] ?? image
        }
    }

    /// Bytes of each layer as it is unpacked, lowest first.
    func layerSizes(_ layers: [Digest], in storage: StorageInstance) async throws(EngineError) -> [Int64] {
        var sizes: [Int64] = []
        for chain in LayerChain.identifiers(layers) { sizes.append(try await storage.usage(LayerChain.snapshotKey(chain)).bytes) }
        return sizes
    }
}

extension ImageSnapshot {
    init(_ loaded: LoadedImage, topLayer: String, size: Int64) {
        let configuration = loaded.configuration
        self.init(
            id: loaded.id.description, created: configuration.created.flatMap(Timestamp.parse) ?? 0, size: size,
            architecture: configuration.architecture, os: configuration.os, author: configuration.author ?? "",
            comment: configuration.comment ?? "", configuration: ContainerConfiguration(configuration.config ?? Execution()),
            diffIDs: configuration.rootfs.diffIDs.map(\.description), topLayer: topLayer, storageDrivers: [])
    }
}
