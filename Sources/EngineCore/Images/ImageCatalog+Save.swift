import ContentStore
import EngineErrors
import EngineModel
import OCISpecs

extension ImageCatalog {
    public func saveImages(_ references: [String]) async throws -> @Sendable (any ByteSink) async throws -> Void {
        let chosen = try choose(references)
        return { [self] sink in
            try await arriving { try await content.save(chosen.map(\.saved)) { try await sink.write($0) } }
            for choice in chosen { await announceSave(choice.image) }
        }
    }

    private func announceSave(_ image: ImageSnapshot) { announce("save", image, name: image.id) }

    private struct Choice: Sendable {
        var image: ImageSnapshot
        var saved: SavedImage
    }

    /// Each image once, with the names that were asked for: a repository alone means all its tags, an id means none.
    private func choose(_ references: [String]) throws(EngineError) -> [Choice] {
        var order: [String] = []
        var names: [String: [String]] = [:]
        for text in references {
            for (image, name) in try matches(text) {
                if names[image.id] == nil { order.append(image.id) }
                names[image.id, default: []] += name.map { [$0] } ?? []
            }
        }
        var choices: [Choice] = []
        for id in order {
            guard let image = images[id] else { continue }
            try checkSizes(image)
            choices.append(Choice(image: image, saved: try Self.saved(image, names[id] ?? [])))
        }
        return choices
    }

    private func matches(_ text: String) throws(EngineError) -> [(ImageSnapshot, String?)] {
        let image = try? find(text)
        if let image, Self.isIdentifier(text, of: image) { return [(image, nil)] }
        let reference = try ImageReference(text)
        if reference.tag == nil && reference.digest == nil {
            let prefix = "\(reference.familiarName):"
            let all = images.values.flatMap { image in image.tags.filter { $0.hasPrefix(prefix) }.map { (image, Optional($0)) } }
            if !all.isEmpty { return all.sorted { ($0.1 ?? "") < ($1.1 ?? "") } }
        }
        guard let image else { throw Self.missing(reference.withDefaultTag.familiar) }
        return [(image, reference.digest == nil ? reference.familiar : nil)]
    }

    /// Before the first byte: a blob that was cut short.
    private func checkSizes(_ image: ImageSnapshot) throws(EngineError) {
        for (layer, size) in zip(image.diffIDs, image.blobSizes ?? []) where size > 0 {
            if let digest = Digest(layer), try content.size(digest) != size { throw EngineError.damagedBlob(digest) }
        }
    }

    private static func saved(_ image: ImageSnapshot, _ names: [String]) throws(EngineError) -> SavedImage {
        guard let id = Digest(image.id) else { throw EngineError(.dataCorrupted, "image \(image.id) has no usable id") }
        var tags: [String] = []
        for name in names where !tags.contains(name) { tags.append(name) }
        var references: [String] = []
        for tag in tags { references.append(try ImageReference(tag).description) }
        return SavedImage(id: id, layers: image.diffIDs.compactMap { Digest($0) }, tags: tags, references: references, created: image.created)
    }
}
