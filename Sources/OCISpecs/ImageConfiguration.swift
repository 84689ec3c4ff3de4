/// What an image says about itself; its digest is the image's id. OCI image specification, config.md, with the fields
/// that Docker adds.
public struct ImageConfiguration: Codable, Sendable, Equatable {
    public struct RootFileSystem: Codable, Sendable, Equatable {
        public var type: String
        /// Digests of the uncompressed layers, lowest first.
        public var diffIDs: [Digest]
        enum CodingKeys: String, CodingKey { case type, diffIDs = "diff_ids" }
        public init(diffIDs: [Digest]) {
            type = "layers"
            self.diffIDs = diffIDs
        }
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            type = try container.decodeIfPresent(String.self, forKey: .type) ?? "layers"
            diffIDs = try container.decodeIfPresent([Digest].self, forKey: .diffIDs) ?? []
        }
    }

    public struct Step: Codable, Sendable, Equatable {
        /// RFC 3339.
        public var created: String?
        public var createdBy, author, comment: String?
        /// No layer belongs to this step.
        public var emptyLayer: Bool?
        enum CodingKeys: String, CodingKey { case created, createdBy = "created_by", author, comment, emptyLayer = "empty_layer" }
        public init(created: String? = nil, createdBy: String? = nil, author: String? = nil, comment: String? = nil, emptyLayer: Bool? = nil) {
            self.created = created
            self.createdBy = createdBy
            self.author = author
            self.comment = comment
            self.emptyLayer = emptyLayer
        }
    }

    /// RFC 3339.
    public var created: String?
    public var author, comment: String?
    public var architecture: String
    public var variant: String?
    public var os: String
    public var config: Execution?
    public var rootfs: RootFileSystem
    /// Oldest first.
    public var history: [Step]?

    public init(architecture: String, os: String, rootfs: RootFileSystem) {
        self.architecture = architecture
        self.os = os
        self.rootfs = rootfs
    }
}
