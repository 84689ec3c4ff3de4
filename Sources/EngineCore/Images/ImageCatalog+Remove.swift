import ContentStore
import EngineErrors
public import EngineModel
import OCISpecs
import StateStore

// Docker's rules, and the sentences that clients know.
extension ImageCatalog {
    public func removeImage(_ reference: String, force: Bool, prune: Bool) async throws -> [ImageRemoval] {
        var drivers: [String] = []
        let removals = try await lane.run("remove") {
            let image = try find(reference)
            leaving = [image.id]
            defer { leaving = [] }
            drivers = image.storageDrivers
            let users = await containers().filter { $0.imageID == image.id }
            if Self.isIdentifier(reference, of: image) { return try await remove(image, users, force: force) }
            return try await untag(image, reference, users, force: force)
        }
        guard case .deleted? = removals.last else { return removals }
        return removals + (await collect(in: drivers).chains.map { .deleted($0.description) })
    }

    /// By name: the name goes, and with the last one the image, unless a container needs it.
    private func untag(_ image: ImageSnapshot, _ reference: String, _ users: [ContainerSnapshot], force: Bool) async throws -> [ImageRemoval] {
        if !force, image.tags.count + image.digests.count <= 1, let user = users.first {
            throw EngineError(
                .conflict,
                "conflict: unable to remove repository reference \"\(reference)\" (must force) - container \(Self.short(user.id)) is using its referenced image \(Self.short(image.id))")
        }
        let parsed = try ImageReference(reference).withDefaultTag
        let name = parsed.digest == nil ? parsed.familiar : "\(parsed.familiarName)@\(parsed.digest ?? "")"
        var rest = image
        rest.tags.removeAll { $0 == name }
        rest.digests.removeAll { $0 == name }
        if rest.tags.isEmpty && rest.digests.isEmpty && Self.conflict(rest, users, force: force) == nil { return try await forget(image, names: [name]) }
        try await store.save(rest)
        images[rest.id] = rest
        announce("untag", rest, name: rest.id)
        return [.untagged(name)]
    }

    /// By id.
    private func remove(_ image: ImageSnapshot, _ users: [ContainerSnapshot], force: Bool) async throws -> [ImageRemoval] {
        if let conflict = Self.conflict(image, users, force: force) { throw conflict }
        if !force && Set(image.tags.compactMap { try? ImageReference($0).familiarName }).count > 1 || !force && image.tags.count > 1 {
            throw Self.refusal(image, "must be forced", "image is referenced in multiple repositories")
        }
        return try await forget(image, names: image.tags + image.digests)
    }

    /// A running container can't be overruled, a stopped one can.
    private static func conflict(_ image: ImageSnapshot, _ users: [ContainerSnapshot], force: Bool) -> EngineError? {
        if let running = users.first(where: { [.running, .paused, .restarting].contains($0.status.state) }) {
            return refusal(image, "cannot be forced", "image is being used by running container \(short(running.id))")
        }
        guard !force, let stopped = users.first else { return nil }
        return refusal(image, "must be forced", "image is being used by stopped container \(short(stopped.id))")
    }

    private static func refusal(_ image: ImageSnapshot, _ force: String, _ reason: String) -> EngineError {
        EngineError(.conflict, "conflict: unable to delete \(short(image.id)) (\(force)) - \(reason)")
    }

    /// Its last names go with it, in one step; its content is collected afterwards.
    private func forget(_ image: ImageSnapshot, names: [String]) async throws -> [ImageRemoval] {
        try await store.remove(ImageSnapshot.self, image.id)
        images[image.id] = nil
        for _ in names { announce("untag", image, name: image.id) }
        announce("delete", image, name: image.id)
        return names.map { .untagged($0) } + [.deleted(image.id)]
    }

    public func pruneImages(all: Bool, _ filter: @escaping @Sendable (ImageSnapshot) -> Bool) async throws -> (removals: [ImageRemoval], bytes: Int64) {
        let drivers = storageDrivers()
        let removals = try await lane.run("prune") {
            leaving = Set(images.keys)
            defer { leaving = [] }
            let used = Set(await containers().map(\.imageID))
            var removals: [ImageRemoval] = []
            for image in images.values where !used.contains(image.id) && (all || image.tags.isEmpty && image.digests.isEmpty) && filter(image) {
                removals += try await forget(image, names: image.tags + image.digests)
            }
            return removals
        }
        let freed = await collect(in: drivers)
        return (removals + freed.chains.map { .deleted($0.description) }, freed.bytes)
    }
}
