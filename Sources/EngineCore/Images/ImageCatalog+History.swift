import ContentStore
import DriverHost
import EngineErrors
import EngineModel
import OCISpecs

extension ImageCatalog {
    /// Newest first.
    public func history(_ reference: String) async throws -> [ImageHistoryEntry] {
        let image = try find(reference)
        guard let digest = Digest(image.id) else { throw EngineError(.dataCorrupted, "image \(image.id) has no usable id") }
        let configuration = try await BlockingPool.shared.run { [content] in
            try SpecificationJSON.decode(ImageConfiguration.self, from: try content.read(digest), "image \(digest)")
        }
        var sizes = try await sizes(of: image)[...]
        var entries = (configuration.history ?? []).map { step in
            ImageHistoryEntry(
                id: "<missing>", created: step.created.flatMap(Timestamp.parse) ?? 0, createdBy: step.createdBy ?? "",
                comment: step.comment ?? "", size: step.emptyLayer == true ? 0 : sizes.popFirst() ?? 0, tags: [])
        }
        guard !entries.isEmpty else { return [] }
        entries[entries.count - 1].id = image.id
        entries[entries.count - 1].tags = image.tags
        return entries.reversed()
    }

    /// Zeros while no driver holds the image that can be asked.
    private func sizes(of image: ImageSnapshot) async throws -> [Int64] {
        for name in image.storageDrivers {
            guard let storage = try? await registry.storage(name) else { continue }
            return try await layerSizes(image.diffIDs.compactMap { Digest($0) }, in: storage)
        }
        return image.diffIDs.map { _ in 0 }
    }
}
