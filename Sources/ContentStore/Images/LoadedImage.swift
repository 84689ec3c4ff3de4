public import OCISpecs

/// An image whose content is in the store.
public struct LoadedImage: Sendable {
    /// The digest of its configuration's bytes.
    public var id: Digest
    public var configuration: ImageConfiguration
    /// Names as the archive has them, unchecked.
    public var references: [String]

    public init(id: Digest, configuration: ImageConfiguration, references: [String]) {
        self.id = id
        self.configuration = configuration
        self.references = references
    }
}
