import EngineErrors
import EngineModel
import StateStore

extension ImageCatalog {
    public func tagImage(_ reference: String, as tag: String) async throws {
        let name = try Self.tagName(tag)
        try await lane.run("tag") {
            let image = try find(reference)
            if !image.tags.contains(name) { try await self.name(image, [name]) }
            announce("tag", image, name: name)
        }
    }

    /// A name that an image may get, as people write it.
    static func tagName(_ text: String) throws(EngineError) -> String {
        let reference = try ImageReference(text)
        if reference.digest != nil { throw EngineError(.invalidArgument, "refusing to create a tag with a digest reference") }
        return reference.withDefaultTag.familiar
    }

    /// Stores an image with more names, which are taken from others. In `lane`. One step: a crash loses no name, and
    /// leaves none with two images.
    func name(_ image: ImageSnapshot, _ names: [String]) async throws(EngineError) {
        var named = image
        named.tags += names.filter { !image.tags.contains($0) }
        var changed = images.values.filter { $0.id != image.id && $0.tags.contains { names.contains($0) } }
        for index in changed.indices { changed[index].tags.removeAll { names.contains($0) } }
        changed.append(named)
        try await store.save(changed)
        for image in changed { images[image.id] = image }
    }
}
