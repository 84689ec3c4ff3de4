public import DriverHost
public import DriverKit
public import EngineErrors

/// What unpacking needs of a storage driver. Each call as in `StorageDriver`, on the engine's threads.
public protocol SnapshotStore: Sendable {
    var capabilities: DriverCapabilities { get }
    func prepare(_ key: String, parent: String) async throws(EngineError) -> [Mount]
    func commit(_ key: String, as name: String) async throws(EngineError)
    func remove(_ key: String) async throws(EngineError)
    func walk() async throws(EngineError) -> [Snapshot]
}

extension StorageInstance: SnapshotStore {}
