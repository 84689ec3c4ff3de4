public import EngineErrors
import Glibc
import DriverKit
import LinuxSystem
public import OCISpecs

/// Brings layers from the content store into storage drivers. Requests for the same layer share one job.
public actor LayerUnpacker {
    private let content: ContentStore
    private var jobs: [String: Task<Void, any Error>] = [:]

    public init(_ content: ContentStore) { self.content = content }

    /// Unpacks what `storage` does not hold yet. `name` tells drivers apart.
    /// - Returns: the key of the top layer's snapshot; "" without layers.
    /// - Throws: `.invalidArgument` for an archive that is broken or leaves its tree, `.resourceExhausted`, or the
    ///   driver's error; no half-made snapshot stays.
    public func unpack(_ layers: [Digest], into storage: any SnapshotStore, named name: String) async throws(EngineError) -> String {
        let held = Set(try await storage.walk().map(\.key))
        var parent = ""
        for (layer, chain) in zip(layers, LayerChain.identifiers(layers)) {
            let key = LayerChain.snapshotKey(chain)
            if !held.contains(key) { try await share(layer, key, parent, storage, "\(name)/\(key)") }
            parent = key
        }
        return parent
    }

    private func share(_ layer: Digest, _ key: String, _ parent: String, _ storage: any SnapshotStore, _ slot: String) async throws(EngineError) {
        let job = jobs[slot] ?? begin(layer, key, parent, storage, slot)
        do { try await job.value } catch { throw EngineError.wrapping(error) }
    }

    /// A task of its own: it goes on for the others when the first to ask gives up.
    private func begin(_ layer: Digest, _ key: String, _ parent: String, _ storage: any SnapshotStore, _ slot: String) -> Task<Void, any Error> {
        let job = Task { [content] in
            defer { jobs[slot] = nil }
            try await Self.unpack(layer, key, parent, storage, content)
        }
        jobs[slot] = job
        return job
    }

    private static func unpack(_ layer: Digest, _ key: String, _ parent: String, _ storage: any SnapshotStore, _ content: ContentStore) async throws {
        guard content.contains(layer) else { throw EngineError(.dataCorrupted, "layer \(layer) is missing from the content store; load the image again") }
        let active = LayerChain.unfinishedPrefix + ContentStore.randomName()
        let mounts = try await storage.prepare(active, parent: parent)
        do {
            let target = UnpackTarget(mounts, storage.capabilities, hasParent: !parent.isEmpty)
            let scratch = try content.makeIngestFolder()
            defer { rmdir(scratch) }
            try FailPoint.before("layer.unpack")
            _ = try await target.unpack(layer, at: content.path(layer), scratch: scratch)
            try FailPoint.before("layer.commit")
            try await storage.commit(active, as: key)
            FailPoint.after("layer.commit")
        } catch {
            try? await storage.remove(active)
            // Another job of the same driver was first.
            if let known = error as? EngineError, known.code == .conflict { return }
            throw EngineError.content(error, "layer \(layer) can't be unpacked")
        }
    }
}
