public import EngineErrors
import Glibc
import LinuxSystem
import OCISpecs

extension ContentStore {
    /// Reads a docker-archive or an OCI layout, plain or compressed, and stores its images' content.
    /// - Throws: `.invalidArgument` for what is no image or contradicts its own digests, `.resourceExhausted`. Blobs of
    ///   images before the failing one may stay; nobody names them.
    public func load(_ next: @Sendable () async throws -> [UInt8]?) async throws(EngineError) -> [LoadedImage] {
        do {
            return try await BlockingWork.consume(next) { [self] handover in
                let archive = try SpooledArchive(self, ArchiveInput(handover))
                return try ImageLoader(store: self, archive: archive).load()
            }
        } catch {
            throw .content(error, "the image archive can't be stored")
        }
    }
}

/// Finds the images of a spooled archive.
struct ImageLoader {
    let store: ContentStore
    let archive: SpooledArchive

    func load() throws(EngineError) -> [LoadedImage] {
        if let manifest = try archive.document("manifest.json") { return try loadDocker(manifest) }
        if let index = try archive.document("index.json") { return try loadLayout(index) }
        throw EngineError(.invalidArgument, "the archive holds neither manifest.json nor index.json, so it is no image; a root file system is imported, not loaded")
    }

    private func loadDocker(_ manifest: [UInt8]) throws(EngineError) -> [LoadedImage] {
        var images: [LoadedImage] = []
        for image in try SpecificationJSON.decode([DockerArchiveImage].self, from: manifest, "manifest.json") {
            images.append(try loadImage(image.config, layers: image.layers, references: image.repoTags ?? []))
        }
        return images
    }

    /// Stores the configuration and the layers that it names.
    func loadImage(_ path: String, layers: [String], references: [String]) throws(EngineError) -> LoadedImage {
        guard let bytes = try archive.document(path) else { throw missing(path) }
        let configuration = try SpecificationJSON.decode(ImageConfiguration.self, from: bytes, "the image configuration \(path)")
        let expected = configuration.rootfs.diffIDs
        guard expected.count == layers.count else {
            throw EngineError(.invalidArgument, "invalid manifest, layers length mismatch: expected \(layers.count), got \(expected.count)")
        }
        for (layer, digest) in zip(layers, expected) { try storeLayer(layer, digest) }
        return LoadedImage(id: try store.write(bytes), configuration: configuration, references: references)
    }

    private func storeLayer(_ path: String, _ digest: Digest) throws(EngineError) {
        let size = try? store.size(digest)
        guard let member = archive.member(path) else {
            if size == nil { throw missing(path) }
            return
        }
        if member.digest == digest && size == member.size || member.digest != digest && size != nil { return }
        if member.digest == digest { return try adopt(member, path) }
        do throws(EngineError) {
            _ = try store.decompress(try open(member, path), "layer \(path)", expecting: digest)
        } catch {
            guard error.code == .dataCorrupted else { throw error }
            throw EngineError(.invalidArgument, "invalid diffID for layer \(path): \(error.message)")
        }
    }

    /// An uncompressed layer becomes a blob as it is.
    private func adopt(_ member: SpooledArchive.Member, _ path: String) throws(EngineError) {
        do {
            let file = try Files.open(member.path, O_RDONLY)
            try Errno.check("fsync", fsync(file.raw))
            try store.adopt(member.path, as: member.digest)
        } catch {
            throw .content(error, "layer \(path) can't be stored")
        }
    }

    private func open(_ member: SpooledArchive.Member, _ path: String) throws(EngineError) -> ArchiveInput {
        do { return ArchiveInput(try Files.open(member.path, O_RDONLY)) } catch { throw .content(error, "layer \(path) can't be read") }
    }

    func missing(_ path: String) -> EngineError {
        EngineError(.invalidArgument, "the image archive is incomplete: \"\(path)\" is missing")
    }
}
