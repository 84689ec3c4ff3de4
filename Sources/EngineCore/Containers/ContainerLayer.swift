/// The storage drivers' key of a container's writable layer.
enum ContainerLayer {
    private static let prefix = "container-"

    static func key(_ id: String) -> String { prefix + id }

    /// The container's id; nil: another kind of snapshot.
    static func container(ofSnapshot key: String) -> String? { key.hasPrefix(prefix) ? String(key.dropFirst(prefix.count)) : nil }
}
