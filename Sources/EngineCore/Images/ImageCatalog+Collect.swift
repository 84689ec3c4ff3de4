import ContentStore
import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import LinuxSystem
import Logging
import OCISpecs

// Blobs and snapshots without an image.
extension ImageCatalog {
    struct Collected {
        /// Chain ids of the layers that went, highest first.
        var chains: [Digest] = []
        /// That became free in storage drivers.
        var bytes: Int64 = 0
    }

    /// Removes what no image names of the blobs, and of the layers in these storage drivers and in those in which some
    /// had to stay.
    func collect(in drivers: some Collection<String>) async -> Collected {
        _ = await collect(blobs)
        var collected = Collected()
        for name in Set(drivers).union(layers.filter(\.value.keepsUnused).keys).sorted() {
            let layers = await collect(layers(in: name))
            collected.chains += layers.chains
            collected.bytes += layers.bytes
        }
        return collected
    }

    /// Later, if something arrives there just now. What can't be removed stays for the next time: a snapshot that is the
    /// parent of a container's is in use, whatever happened to its image.
    func collect(_ place: Place) async -> Collected {
        await place.lane.run("collect") {
            place.wantsCollection = place.arrivals > 0
            var collected = Collected()
            if place.wantsCollection || holdsBack { return collected }
            guard let driver = place.driver else {
                await collectBlobs()
                return collected
            }
            if let storage = try? await registry.storage(driver) { place.keepsUnused = await collect(in: storage, &collected) }
            return collected
        }
    }

    /// Those that hold layers or may.
    func storageDrivers() -> Set<String> {
        Set(images.values.flatMap(\.storageDrivers)).union(registry.storageInUse).union(migrations.values)
    }

    /// - Returns: whether something had to stay.
    private func collect(in storage: StorageInstance, _ collected: inout Collected) async -> Bool {
        let live = liveChains(in: storage.name)
        guard let snapshots = try? await storage.walk() else { return false }
        var keeps = false
        for snapshot in Self.childrenFirst(snapshots) {
            let chain = LayerChain.identifier(ofSnapshot: snapshot.key)
            let isUnfinished = snapshot.key.hasPrefix(LayerChain.unfinishedPrefix)
            guard isUnfinished || chain.map({ !live.contains($0) }) == true else { continue }
            let bytes = (try? await storage.usage(snapshot.key).bytes) ?? 0
            do throws(EngineError) { try await storage.remove(snapshot.key) } catch {
                if error.code == .conflict {
                    keeps = true
                } else {
                    logger.warning("an unused layer stays", metadata: ["layer": "\(snapshot.key)", "driver": "\(storage.name)", "error": "\(error)"])
                    Leftovers.shared.note()
                }
                continue
            }
            FailPoint.after("image.collect.layer")
            collected.bytes += bytes
            if let chain { collected.chains.append(chain) }
        }
        return keeps
    }

    /// Of the images that the driver holds, or will when their migration is done.
    private func liveChains(in driver: String) -> Set<Digest> {
        let held = images.values.filter { $0.storageDrivers.contains(driver) || migrations[$0.id] == driver }
        return Set(held.flatMap { LayerChain.identifiers($0.diffIDs.compactMap { Digest($0) }) })
    }

    static func childrenFirst(_ snapshots: [Snapshot]) -> [Snapshot] {
        let parents = Dictionary(snapshots.map { ($0.key, $0.parent) }, uniquingKeysWith: { $1 })
        var depths: [String: Int] = [:]
        for snapshot in snapshots {
            var path: [String] = []
            var next = snapshot.key
            while depths[next] == nil, let parent = parents[next], path.count <= snapshots.count {
                path.append(next)
                next = parent
            }
            var depth = depths[next] ?? 0
            for key in path.reversed() {
                depth += 1
                depths[key] = depth
            }
        }
        return snapshots.sorted { (depths[$0.key] ?? 0) > (depths[$1.key] ?? 0) }
    }

    private func collectBlobs() async {
        let live = Set(images.values.flatMap { [$0.id] + $0.diffIDs })
        do {
            try await BlockingPool.shared.run { [content, logger] in
                for digest in try content.digests() where !live.contains(digest.description) {
                    do throws(EngineError) { try content.remove(digest) } catch {
                        logger.warning("an unused blob stays", metadata: ["error": "\(error)"])
                        Leftovers.shared.note()
                    }
                }
            }
        } catch {
            logger.warning("unused blobs stay", metadata: ["error": "\(error)"])
            Leftovers.shared.note()
        }
    }

    /// At boot: a driver's layers that are gone are unpacked again when they are needed.
    func forgetLostLayers() async {
        for name in Set(images.values.flatMap(\.storageDrivers)) {
            guard let storage = try? await registry.storage(name), let snapshots = try? await storage.walk() else { continue }
            let held = Set(snapshots.filter { $0.state == .committed }.map(\.key))
            for var image in images.values where !image.topLayer.isEmpty && image.storageDrivers.contains(name) && !held.contains(image.topLayer) {
                image.storageDrivers.removeAll { $0 == name }
                images[image.id] = image
                logger.warning("an image is no longer unpacked, and will be when it is used", metadata: ["image": "\(image.id)", "driver": "\(name)"])
            }
        }
    }
}
