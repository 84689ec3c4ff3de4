public import EngineErrors

/// A name of an image: `[host/]path[:tag][@digest]`, by the grammar of Docker's distribution library.
public struct ImageReference: Sendable, Hashable, CustomStringConvertible {
    /// "docker.io", "localhost:5000".
    public let domain: String
    /// "library/busybox".
    public let path: String
    public let tag: String?
    /// "sha256:…"
    public let digest: String?

    /// - Throws: `.invalidArgument` with Docker's wording.
    public init(_ text: String) throws(EngineError) {
        if ReferenceGrammar.isHex64(text) {
            throw EngineError(.invalidArgument, "invalid repository name (\(text)), cannot specify 64-byte hexadecimal strings")
        }
        let parts = ReferenceGrammar.split(text)
        (domain, path) = ReferenceGrammar.normalise(parts.name)
        tag = parts.tag
        digest = parts.digest
        if path.utf8.contains(where: { (0x41...0x5a).contains($0) }), ReferenceGrammar.isPath(path.lowercased()) {
            throw EngineError(.invalidArgument, "invalid reference format: repository name (\(path)) must be lowercase")
        }
        guard ReferenceGrammar.isDomain(domain), ReferenceGrammar.isPath(path),
            tag.map(ReferenceGrammar.isTag) ?? true, digest.map(ReferenceGrammar.isDigest) ?? true
        else { throw EngineError(.invalidArgument, "invalid reference format") }
        if domain.utf8.count + 1 + path.utf8.count > 255 {
            throw EngineError(.invalidArgument, "invalid reference format: repository name must not be more than 255 characters")
        }
    }

    private init(domain: String, path: String, tag: String?, digest: String?) {
        self.domain = domain
        self.path = path
        self.tag = tag
        self.digest = digest
    }

    /// With the tag "latest" if there is neither tag nor digest.
    public var withDefaultTag: ImageReference {
        tag == nil && digest == nil ? ImageReference(domain: domain, path: path, tag: "latest", digest: nil) : self
    }

    public func withTag(_ tag: String) -> ImageReference { ImageReference(domain: domain, path: path, tag: tag, digest: nil) }

    /// The repository as people write it: "busybox", "localhost:5000/x".
    public var familiarName: String {
        guard domain == "docker.io" else { return "\(domain)/\(path)" }
        return path.hasPrefix("library/") && !path.dropFirst(8).contains("/") ? String(path.dropFirst(8)) : path
    }

    /// The whole reference as people write it: "busybox:latest".
    public var familiar: String { familiarName + suffix }

    /// "docker.io/library/busybox:latest"
    public var description: String { "\(domain)/\(path)\(suffix)" }

    private var suffix: String { (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "") }
}
