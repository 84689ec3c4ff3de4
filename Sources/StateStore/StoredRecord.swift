public import EngineModel

/// A value that the store keeps as JSON, one row each.
public protocol StoredRecord: Codable, Sendable {
    /// The first half of the key. Never change it: it is in people's databases.
    static var kind: String { get }
    /// The second half of the key.
    var recordID: String { get }
    /// A name that no other record of the kind may have; nil: none.
    var uniqueName: String? { get }
}

extension ContainerSnapshot: StoredRecord {
    public static var kind: String { "container" }
    public var recordID: String { id }
    public var uniqueName: String? { name }
}

extension ImageSnapshot: StoredRecord {
    public static var kind: String { "image" }
    public var recordID: String { id }
    public var uniqueName: String? { nil }
}

extension ImageMigration: StoredRecord {
    public static var kind: String { "image-migration" }
    public var recordID: String { image }
    public var uniqueName: String? { nil }
}

extension NetworkSnapshot: StoredRecord {
    public static var kind: String { "network" }
    public var recordID: String { id }
    public var uniqueName: String? { name }
}

extension VolumeSnapshot: StoredRecord {
    public static var kind: String { "volume" }
    public var recordID: String { name }
    public var uniqueName: String? { nil }
}
