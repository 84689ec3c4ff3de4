import ContentStore
import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import OCISpecs

/// What each storage driver that is in use holds.
enum StorageReport {
    static func make(_ registry: DriverRegistry) async -> [StorageUsage] {
        var result: [StorageUsage] = []
        for name in registry.storageInUse {
            do throws(EngineError) { result.append(try await usage(of: try await registry.storage(name))) } catch {
                var unknown = StorageUsage(driver: name)
                unknown.reason = error.message
                result.append(unknown)
            }
        }
        return result
    }

    private static func usage(of storage: StorageInstance) async throws(EngineError) -> StorageUsage {
        var usage = StorageUsage(driver: storage.name)
        for snapshot in try await storage.walk() {
            // One that goes meanwhile counts nothing.
            guard let bytes = try? await storage.usage(snapshot.key).bytes else { continue }
            if LayerChain.identifier(ofSnapshot: snapshot.key) != nil { usage.layers[snapshot.key] = bytes }
            if let container = ContainerLayer.container(ofSnapshot: snapshot.key) { usage.containers[container] = bytes }
        }
        return usage
    }

    /// For each image, the bytes of the layers that it does not have alone.
    static func shared(_ images: [ImageSnapshot], _ drivers: [StorageUsage]) -> [String: Int64] {
        let sizes = drivers.reduce(into: [:]) { $0.merge($1.layers) { first, _ in first } }
        let keys = images.reduce(into: [:]) { keys, image in
            keys[image.id] = LayerChain.identifiers(image.diffIDs.compactMap { Digest($0) }).map(LayerChain.snapshotKey)
        }
        let users = keys.values.joined().reduce(into: [:]) { $0[$1, default: 0] += 1 }
        return keys.mapValues { $0.reduce(0) { users[$1, default: 0] > 1 ? $0 + (sizes[$1] ?? 0) : $0 } }
    }
}
