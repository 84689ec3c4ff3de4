import EngineErrors
import EngineModel
import StateStore

extension ImageCatalog {
    private static let moveKey = "image.tag.move"

    public func tagImage(_ reference: String, as tag: String) async throws {
        let name = try Self.tagName(tag)
        try await lane.run("tag") {
            let image = try find(reference)
            try await move(name, to: image.id)
            announce("tag", image, name: name)
        }
    }

    /// A name that an image may get, as people write it.
    static func tagName(_ text: String) throws(EngineError) -> String {
        let reference = try ImageReference(text)
        if reference.digest != nil { throw EngineError(.invalidArgument, "refusing to create a tag with a digest reference") }
        return reference.withDefaultTag.familiar
    }

    /// Gives the name to an image, and takes it from another. In `lane`.
    ///
    /// The new owner is written first, so that a crash loses no name; what was meant is kept for the next boot, which
    /// may find two owners.
    func move(_ name: String, to id: String) async throws(EngineError) {
        guard var new = images[id], !new.tags.contains(name) else { return }
        let old = images.values.first { $0.tags.contains(name) }
        if old != nil { try await store.setValue(Self.moveKey, "\(name) \(id)") }
        new.tags.append(name)
        try await store.save(new)
        images[id] = new
        if var old {
            old.tags.removeAll { $0 == name }
            images[old.id] = old
            try await store.save(old)
        }
    }

    /// At boot: a name that a crash left with two images goes to the one that was to get it.
    func finishTagMove() async throws {
        guard let words = try store.value(Self.moveKey)?.split(separator: " "), words.count == 2 else { return }
        let (name, id) = (String(words[0]), String(words[1]))
        guard images[id]?.tags.contains(name) == true else { return }
        for var image in images.values where image.id != id && image.tags.contains(name) {
            image.tags.removeAll { $0 == name }
            images[image.id] = image
            try await store.save(image)
        }
    }
}
