public import OCISpecs

/// Chain ids: what a layer is on top of those below it. OCI image specification, config.md#layer-chainid.
public enum LayerChain {
    /// For each layer, lowest first.
    public static func identifiers(_ layers: [Digest]) -> [Digest] {
        var chain: [Digest] = []
        for layer in layers {
            guard let below = chain.last else {
                chain.append(layer)
                continue
            }
            chain.append(ContentHash.digest(of: Array("\(below) \(layer)".utf8)))
        }
        return chain
    }

    /// The snapshot that holds a chain; driver keys have no colon.
    public static func snapshotKey(_ identifier: Digest) -> String { "sha256-\(identifier.hex)" }

    /// The chain id behind a snapshot; nil: the snapshot is no image layer.
    public static func identifier(ofSnapshot key: String) -> Digest? {
        key.hasPrefix("sha256-") ? Digest(hex: String(key.dropFirst(7))) : nil
    }

    /// Begins the keys of snapshots in which a layer is being unpacked.
    public static let unfinishedPrefix = "extract-"
}
