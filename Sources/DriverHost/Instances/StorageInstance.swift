public import DriverKit
public import EngineErrors

/// The daemon's instance of a storage driver. Every method is the one of `StorageDriver`, on the engine's own threads
/// and with a deadline.
public final class StorageInstance: Sendable {
    private let driver: LoadedStorageDriver
    private let calls: InstanceCalls

    init(_ driver: LoadedStorageDriver, _ calls: InstanceCalls) {
        self.driver = driver
        self.calls = calls
    }

    public var name: String { calls.driver.name }
    public var capabilities: DriverCapabilities { calls.driver.capabilities }

    public func prepare(_ key: String, parent: String) async throws(EngineError) -> [Mount] {
        // Drivers may copy the whole parent.
        try await calls.run(patience: 10) { [driver] in try driver.prepare(key, parent: parent) }
    }

    public func view(_ key: String, parent: String) async throws(EngineError) -> [Mount] {
        try await calls.run { [driver] in try driver.view(key, parent: parent) }
    }

    public func mounts(_ key: String) async throws(EngineError) -> [Mount] {
        try await calls.run { [driver] in try driver.mounts(key) }
    }

    public func commit(_ key: String, as name: String) async throws(EngineError) {
        try await calls.run(patience: 10) { [driver] in try driver.commit(key, as: name) }
    }

    public func remove(_ key: String) async throws(EngineError) {
        try await calls.run(patience: 10) { [driver] in try driver.remove(key) }
    }

    public func usage(_ key: String) async throws(EngineError) -> Usage {
        try await calls.run(patience: 10) { [driver] in try driver.usage(key) }
    }

    public func walk() async throws(EngineError) -> [Snapshot] {
        try await calls.run(patience: 10) { [driver] in
            var snapshots: [Snapshot] = []
            try driver.walk {
                snapshots.append($0)
                return true
            }
            return snapshots
        }
    }
}
