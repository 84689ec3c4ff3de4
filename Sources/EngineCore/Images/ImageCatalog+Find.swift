import EngineErrors
import EngineModel
import OCISpecs

extension ImageCatalog {
    /// By id, name, or unique beginning of an id, in Docker's order.
    func find(_ text: String) throws(EngineError) -> ImageSnapshot {
        if let digest = Digest(text) ?? Digest(hex: text) {
            if let image = images[digest.description] { return image }
            throw Self.missing(digest.description)
        }
        let reference = try ImageReference(text)
        if let image = tagged(reference.withDefaultTag) ?? begins(with: text) { return image }
        throw Self.missing(reference.withDefaultTag.familiar)
    }

    static func missing(_ name: String) -> EngineError { EngineError(.notFound, "No such image: \(name)") }

    /// A digest decides over a tag.
    private func tagged(_ reference: ImageReference) -> ImageSnapshot? {
        if let digest = reference.digest {
            let name = "\(reference.familiarName)@\(digest)"
            return images.values.first { $0.digests.contains(name) }
        }
        let name = reference.familiar
        return images.values.first { $0.tags.contains(name) }
    }

    private func begins(with text: String) -> ImageSnapshot? {
        let prefix = text.hasPrefix("sha256:") ? text : "sha256:\(text)"
        let matches = images.values.filter { $0.id.hasPrefix(prefix) }
        return matches.count == 1 ? matches[0] : nil
    }

    /// Whether a reference that found the image is its id or a beginning of it.
    static func isIdentifier(_ text: String, of image: ImageSnapshot) -> Bool {
        image.id.hasPrefix(text) || image.id.dropFirst(7).hasPrefix(text)
    }

    /// As people read an id.
    static func short(_ id: String) -> String { String((id.hasPrefix("sha256:") ? id.dropFirst(7) : Substring(id)).prefix(12)) }
}
