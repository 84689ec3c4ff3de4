import ContentStore
import DriverHost
import DriverKit
import EngineErrors
import OCISpecs
import StateStore

/// What there is of images outside of the table.
struct ImageWorld: Sendable {
    /// Bytes of each blob.
    var blobs: [Digest: Int64] = [:]
    /// Those whose content is another one, of the ones that were read.
    var damaged: Set<Digest> = []
    /// What lies in the folder for content that comes in.
    var incoming: [String] = []
    /// By storage driver; an error for one that could not be asked.
    var layers: [String: Result<[Snapshot], EngineError>] = [:]
    /// Records were set aside.
    var holdsBack = false

    /// - Parameter deep: all blobs are read, otherwise only `configurations`: they are small, and nobody noted their sizes.
    static func look(
        _ store: StateStore, _ content: ContentStore, _ registry: DriverRegistry, storage: Set<String>, configurations: Set<Digest>, deep: Bool
    ) async throws(EngineError) -> ImageWorld {
        var world = try await BlockingCalls.run { try files(store, content) }
        for name in storage { world.layers[name] = await snapshots(name, registry) }
        for digest in world.blobs.keys where deep || configurations.contains(digest) {
            if try await BlockingCalls.run({ try content.isDamaged(digest) }) { world.damaged.insert(digest) }
        }
        return world
    }

    private static func files(_ store: StateStore, _ content: ContentStore) throws(EngineError) -> ImageWorld {
        var world = ImageWorld()
        for digest in try content.digests() { world.blobs[digest] = try? content.size(digest) }
        world.incoming = content.incoming()
        world.holdsBack = try ImageCatalog.holdsBack(store)
        return world
    }

    private static func snapshots(_ name: String, _ registry: DriverRegistry) async -> Result<[Snapshot], EngineError> {
        do throws(EngineError) { return .success(try await registry.storage(name).walk()) } catch { return .failure(error) }
    }
}
