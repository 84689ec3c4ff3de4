import ContentStore
import DriverKit
import EngineErrors
import EngineModel
import OCISpecs

/// The table of images beside the blobs and the storage drivers' layers.
struct ImageComparison {
    let catalog: ImageCatalog
    let world: ImageWorld
    /// Those that nobody changed while the world was looked at.
    let images: [String: ImageSnapshot]
    /// Every image that the table knew before or knows after.
    let known: [String: ImageSnapshot]
    /// Containers, by id.
    let users: [String: ImageCatalog.User]
    /// Nothing arrived or went meanwhile.
    let isQuiet: Bool

    func all() -> [Discrepancy] { blobs() + strayBlobs() + incoming() + drivers() + lostLayers() + strayLayers() }

    private static func name(_ image: ImageSnapshot) -> String { image.tags.first ?? ImageCatalog.short(image.id) }

    // MARK: blobs

    private func blobs() -> [Discrepancy] {
        var seen: Set<Digest> = []
        return images.values.sorted { $0.id < $1.id }.flatMap { image in
            let sizes = [nil] + (image.blobSizes ?? []).map(Optional.some)
            return ([image.id] + image.diffIDs).compactMap { Digest($0) }.enumerated().compactMap { place, digest in
                seen.insert(digest).inserted ? blob(digest, of: image, place < sizes.count ? sizes[place] : nil) : nil
            }
        }
    }

    private func blob(_ digest: Digest, of image: ImageSnapshot, _ size: Int64?) -> Discrepancy? {
        let name = Self.name(image)
        guard let present = world.blobs[digest] else {
            return Discrepancy(.blob, digest.description, "of the image \(name), is missing: it can't be saved, or unpacked again; load the image again")
        }
        let reason: String
        if let size, size > 0, size != present {
            reason = "of the image \(name), has \(present) bytes instead of \(size); load the image again afterwards"
        } else if world.damaged.contains(digest) {
            reason = "of the image \(name), holds something else than its digest says; load the image again afterwards"
        } else {
            return nil
        }
        return Discrepancy(.blob, digest.description, reason, .setAside) { [catalog] () async throws(EngineError) in try await catalog.setAside(digest, reason) }
    }

    private func strayBlobs() -> [Discrepancy] {
        guard isQuiet else { return [] }
        let owned = Set(known.values.flatMap { [$0.id] + $0.diffIDs })
        return world.blobs.keys.map(\.description).filter { !owned.contains($0) }.sorted().map { stray(.blob, $0, "of no image") }
    }

    /// Without an owner: collected, unless a record that was set aside may be it.
    private func stray(_ kind: Finding.Kind, _ object: String, _ what: String) -> Discrepancy {
        if world.holdsBack { return Discrepancy(kind, object, "\(what); it is kept for as long as records or databases that were set aside lie there") }
        return Discrepancy(kind, object, what, .remove) { [catalog] () async throws(EngineError) in await catalog.collectNow() }
    }

    private func incoming() -> [Discrepancy] {
        guard isQuiet else { return [] }
        return world.incoming.map { name in
            Discrepancy(.file, "content/ingest/\(name)", "left by content that did not arrive", .remove) { [catalog] () async throws(EngineError) in try await catalog.removeIncoming(name) }
        }
    }

    // MARK: layers

    private func drivers() -> [Discrepancy] {
        world.layers.sorted { $0.key < $1.key }.compactMap { driver, result in
            guard case .failure(let error) = result else { return nil }
            return Discrepancy(.driver, "storage/\(driver)", "its layers could not be looked at: \(error)")
        }
    }

    private func snapshots(_ driver: String) -> [Snapshot]? { try? world.layers[driver]?.get() }

    private static func keys(_ image: ImageSnapshot) -> [String] {
        LayerChain.identifiers(image.diffIDs.compactMap { Digest($0) }).map(LayerChain.snapshotKey)
    }

    /// Drivers that have to hold an image, for itself or for the containers whose layers lie on it. One that is being
    /// created has none yet.
    private func holders(of image: ImageSnapshot) -> [String] {
        let standing = users.filter { id, user in user.image == image.id && snapshots(user.driver)?.contains { $0.key == ContainerLayer.key(id) } == true }
        return Set(image.storageDrivers).union(standing.values.map(\.driver)).sorted()
    }

    private func lostLayers() -> [Discrepancy] {
        images.values.sorted { $0.id < $1.id }.flatMap { image in
            holders(of: image).compactMap { driver in
                guard let held = snapshots(driver).map({ Set($0.filter { $0.state == .committed }.map(\.key)) }) else { return nil }
                let lost = Self.keys(image).filter { !held.contains($0) }
                guard let first = lost.first else { return nil }
                let count = lost.count == 1 ? "the layer \(first) is" : "\(lost.count) layers, beginning with \(first), are"
                return Discrepancy(.image, Self.name(image), "\(count) gone from \(driver)", .restore) { [catalog] () async throws(EngineError) in
                    try await catalog.restoreLayers(image, in: driver)
                }
            }
        }
    }

    private func strayLayers() -> [Discrepancy] {
        world.layers.keys.sorted().flatMap { driver in snapshots(driver).map { strayLayers($0, driver) } ?? [] }
    }

    private func strayLayers(_ snapshots: [Snapshot], _ driver: String) -> [Discrepancy] {
        let parents = Dictionary(snapshots.map { ($0.key, $0.parent) }, uniquingKeysWith: { $1 })
        var owned = Set(known.values.filter { $0.storageDrivers.contains(driver) }.flatMap(Self.keys))
        // What a container stands on stays, whatever became of its image.
        for snapshot in snapshots where ContainerLayer.container(ofSnapshot: snapshot.key) != nil {
            var next = snapshot.parent
            while !next.isEmpty, owned.insert(next).inserted { next = parents[next] ?? "" }
        }
        return snapshots.compactMap { snapshot in
            let key = snapshot.key
            if ContainerLayer.container(ofSnapshot: key) != nil || owned.contains(key) { return nil }
            guard LayerChain.identifier(ofSnapshot: key) != nil || key.hasPrefix(LayerChain.unfinishedPrefix) else {
                return Discrepancy(.layer, key, "in \(driver), not made by the engine and left alone")
            }
            return isQuiet ? stray(.layer, key, "in \(driver), of no image") : nil
        }
    }
}
