import EngineErrors
import Glibc
import LinuxSystem
public import OCISpecs

/// An image to write into an archive.
public struct SavedImage: Sendable {
    public var id: Digest
    /// Lowest first.
    public var layers: [Digest]
    /// Names as people write them, "busybox:latest".
    public var tags: [String]
    /// The same names with their domain, "docker.io/library/busybox:latest".
    public var references: [String]
    /// ns since 1970.
    public var created: Int64

    public init(id: Digest, layers: [Digest], tags: [String], references: [String], created: Int64) {
        self.id = id
        self.layers = layers
        self.tags = tags
        self.references = references
        self.created = created
    }
}

/// What a saved archive holds, in order: a docker-archive and an OCI layout at once, over the same blobs.
struct SavedArchive: Sendable {
    enum Content: Sendable { case folder, bytes([UInt8]), blob(Digest, Int64) }
    private(set) var entries: [(path: String, content: Content, time: Int64)] = []

    init(_ images: [SavedImage], _ store: ContentStore) throws(EngineError) {
        entries = [("blobs/", .folder, 0), ("blobs/sha256/", .folder, 0)]
        var seen: Set<Digest> = []
        var docker: [DockerArchiveImage] = []
        var descriptors: [Descriptor] = []
        for image in images {
            let time = image.created / 1_000_000_000
            for digest in image.layers + [image.id] where seen.insert(digest).inserted {
                entries.append((Self.path(digest), .blob(digest, try store.size(digest)), time))
            }
            let manifest = try SpecificationJSON.encode(try Self.manifest(image, store))
            let digest = ContentHash.digest(of: manifest)
            if seen.insert(digest).inserted { entries.append((Self.path(digest), .bytes(manifest), time)) }
            descriptors += Self.descriptors(image, digest, manifest.count)
            docker.append(
                DockerArchiveImage(config: Self.path(image.id), repoTags: image.tags.isEmpty ? nil : image.tags, layers: image.layers.map(Self.path)))
        }
        entries.append(("index.json", .bytes(try SpecificationJSON.encode(ImageIndex(manifests: descriptors))), 0))
        entries.append(("manifest.json", .bytes(try SpecificationJSON.encode(docker)), 0))
        entries.append(("oci-layout", .bytes(try SpecificationJSON.encode(LayoutVersion())), 0))
    }

    private static func path(_ digest: Digest) -> String { "blobs/sha256/\(digest.hex)" }

    private static func manifest(_ image: SavedImage, _ store: ContentStore) throws(EngineError) -> ImageManifest {
        var layers: [Descriptor] = []
        for layer in image.layers { layers.append(Descriptor(mediaType: MediaType.layer, digest: layer, size: try store.size(layer))) }
        return ImageManifest(config: Descriptor(mediaType: MediaType.configuration, digest: image.id, size: try store.size(image.id)), layers: layers)
    }

    /// One for each name; one without a name for an image that has none.
    private static func descriptors(_ image: SavedImage, _ digest: Digest, _ size: Int) -> [Descriptor] {
        let bare = Descriptor(mediaType: MediaType.manifest, digest: digest, size: Int64(size))
        guard !image.references.isEmpty else { return [bare] }
        return image.references.map { reference in
            var named = bare
            let tag = reference.lastIndex(of: ":").map { String(reference[reference.index(after: $0)...]) } ?? "latest"
            named.annotations = [Annotation.imageName: reference, Annotation.referenceName: tag]
            return named
        }
    }
}

extension ContentStore {
    /// Writes these images as one tar archive. - Throws: `.notFound` for a missing blob, before the first byte; then
    /// what `write` throws.
    public func save(_ images: [SavedImage], _ write: @Sendable ([UInt8]) async throws -> Void) async throws {
        let archive = try SavedArchive(images, self)
        for entry in archive.entries {
            switch entry.content {
            case .folder: try await write(TarHeader.block(entry.path, size: 0, time: entry.time))
            case .bytes(let bytes):
                let padding = [UInt8](repeating: 0, count: TarHeader.padding(Int64(bytes.count)))
                try await write(TarHeader.block(entry.path, size: Int64(bytes.count), time: entry.time) + bytes + padding)
            case .blob(let digest, let size):
                try await write(TarHeader.block(entry.path, size: size, time: entry.time))
                try await copy(digest, size, write)
            }
        }
        try await write([UInt8](repeating: 0, count: 2 * TarHeader.blockSize))
    }

    private static let chunk = 1 << 20

    private func copy(_ digest: Digest, _ size: Int64, _ write: @Sendable ([UInt8]) async throws -> Void) async throws {
        var done: Int64 = 0, hash = ContentHash()
        let file = OpenFile(try open(digest))
        while done < size {
            try Task.checkCancellation()
            let offset = done
            let bytes = try await BlockingWork.run { try Self.read(file.raw, offset, min(Self.chunk, Int(size - offset))) }
            guard !bytes.isEmpty else { throw EngineError(.dataCorrupted, "blob \(digest) became shorter while it was read") }
            done += Int64(bytes.count)
            bytes.withUnsafeBytes { hash.update($0) }
            try await write(bytes)
        }
        // The receiver gets no whole archive then.
        if hash.digest() != digest { throw EngineError.damagedBlob(digest) }
        try await write([UInt8](repeating: 0, count: TarHeader.padding(size)))
    }

    private static func read(_ file: Int32, _ offset: Int64, _ count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = try Errno.retrying("read") { pread(file, buffer.baseAddress, count, off_t(offset)) }
        }
    }
}
