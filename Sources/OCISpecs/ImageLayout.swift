/// A reference to content. OCI image specification, descriptor.md.
public struct Descriptor: Codable, Sendable, Equatable {
    public struct Platform: Codable, Sendable, Equatable {
        public var architecture, os: String
        public var variant: String?
        public init(architecture: String, os: String, variant: String? = nil) {
            self.architecture = architecture
            self.os = os
            self.variant = variant
        }
    }
    public var mediaType: String
    public var digest: Digest
    /// Bytes.
    public var size: Int64
    public var annotations: [String: String]?
    public var platform: Platform?

    public init(mediaType: String, digest: Digest, size: Int64, annotations: [String: String]? = nil, platform: Platform? = nil) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.annotations = annotations
        self.platform = platform
    }
}

/// OCI image specification, manifest.md.
public struct ImageManifest: Codable, Sendable, Equatable {
    public var schemaVersion = 2
    public var mediaType: String?
    public var config: Descriptor
    /// Lowest first.
    public var layers: [Descriptor]
    public init(config: Descriptor, layers: [Descriptor]) {
        mediaType = MediaType.manifest
        self.config = config
        self.layers = layers
    }
}

/// OCI image specification, image-index.md. Also the `index.json` of a layout.
public struct ImageIndex: Codable, Sendable, Equatable {
    public var schemaVersion = 2
    public var mediaType: String?
    public var manifests: [Descriptor]
    public init(manifests: [Descriptor]) {
        mediaType = MediaType.index
        self.manifests = manifests
    }
}

/// The file `oci-layout`. OCI image specification, image-layout.md.
public struct LayoutVersion: Codable, Sendable, Equatable {
    public var imageLayoutVersion = "1.0.0"
    public init() {}
}

/// Keys of annotations that carry an image's name.
public enum Annotation {
    /// A tag alone, by the letter; some tools put a whole reference there.
    public static let referenceName = "org.opencontainers.image.ref.name"
    /// A whole reference.
    public static let imageName = "io.containerd.image.name"
}

/// One image in the `manifest.json` of `docker save`.
public struct DockerArchiveImage: Codable, Sendable, Equatable {
    public var config: String
    public var repoTags: [String]?
    /// Paths in the archive, lowest first.
    public var layers: [String]

    enum CodingKeys: String, CodingKey { case config = "Config", repoTags = "RepoTags", layers = "Layers" }

    public init(config: String, repoTags: [String]?, layers: [String]) {
        self.config = config
        self.repoTags = repoTags
        self.layers = layers
    }
}
