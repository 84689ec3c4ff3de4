import EngineErrors
import LinuxSystem
import OCISpecs

/// OCI image layouts. OCI image specification, image-layout.md.
extension ImageLoader {
    private static let depth = 4

    func loadLayout(_ index: [UInt8]) throws(EngineError) -> [LoadedImage] {
        let index = try SpecificationJSON.decode(ImageIndex.self, from: index, "index.json")
        var images: [LoadedImage] = []
        for descriptor in index.manifests {
            if let image = try load(descriptor, references: Self.names(descriptor), depth: Self.depth) { images.append(image) }
        }
        if images.isEmpty { throw EngineError(.invalidArgument, "the image layout holds no image for \(Self.host.os)/\(Self.host.architecture)") }
        return images
    }

    private func load(_ descriptor: Descriptor, references: [String], depth: Int) throws(EngineError) -> LoadedImage? {
        if MediaType.isIndex(descriptor.mediaType) {
            let index = try SpecificationJSON.decode(ImageIndex.self, from: try blob(descriptor), "index \(descriptor.digest)")
            guard depth > 0, let match = index.manifests.first(where: Self.isForHost) else { return nil }
            return try load(match, references: references, depth: depth - 1)
        }
        guard MediaType.isManifest(descriptor.mediaType), Self.isForHost(descriptor) else { return nil }
        let manifest = try SpecificationJSON.decode(ImageManifest.self, from: try blob(descriptor), "manifest \(descriptor.digest)")
        return try loadImage(Self.path(manifest.config.digest), layers: manifest.layers.map { Self.path($0.digest) }, references: references)
    }

    /// A document, checked against its digest.
    private func blob(_ descriptor: Descriptor) throws(EngineError) -> [UInt8] {
        let path = Self.path(descriptor.digest)
        guard let bytes = try archive.document(path), let member = archive.member(path) else { throw missing(path) }
        guard member.digest == descriptor.digest else {
            throw EngineError(.invalidArgument, "\(path) in the image layout has the digest \(member.digest)")
        }
        return bytes
    }

    private static func path(_ digest: Digest) -> String { "blobs/sha256/\(digest.hex)" }

    /// A whole reference in either annotation; a tag alone names nothing.
    private static func names(_ descriptor: Descriptor) -> [String] {
        if let name = descriptor.annotations?[Annotation.imageName] { return [name] }
        guard let name = descriptor.annotations?[Annotation.referenceName], name.contains(":") || name.contains("/") else { return [] }
        return [name]
    }

    /// What says nothing about its platform counts; attestations say "unknown".
    private static func isForHost(_ descriptor: Descriptor) -> Bool {
        guard let platform = descriptor.platform else { return true }
        return platform.os == host.os && platform.architecture == host.architecture
    }

    static let host = HostPlatform.current
}
