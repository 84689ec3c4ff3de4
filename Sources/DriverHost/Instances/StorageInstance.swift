public import DriverKit
public import EngineErrors

/// The daemon's instance of a storage driver. Every method is the one of `StorageDriver`, on the engine's own threads
/// and with a deadline.
public final class StorageInstance: Sendable {
    let serving: Serving<any StorageDriver & Sendable>

    init(_ serving: Serving<any StorageDriver & Sendable>) { self.serving = serving }

    public var name: String { serving.driver.name }
    public var capabilities: DriverCapabilities { serving.driver.capabilities }

    public func prepare(_ key: String, parent: String) async throws(EngineError) -> [Mount] {
        // Drivers may copy the whole parent.
        try await serving.run("prepare", patience: 10) { try $0.prepare(key, parent: parent) }
    }

    public func view(_ key: String, parent: String) async throws(EngineError) -> [Mount] {
        try await serving.run("view") { try $0.view(key, parent: parent) }
    }

    public func mounts(_ key: String) async throws(EngineError) -> [Mount] {
        try await serving.run("mounts") { try $0.mounts(key) }
    }

    public func commit(_ key: String, as name: String) async throws(EngineError) {
        try await serving.run("commit", patience: 10) { try $0.commit(key, as: name) }
    }

    public func remove(_ key: String) async throws(EngineError) {
        try await serving.run("remove", patience: 10) { try $0.remove(key) }
    }

    public func usage(_ key: String) async throws(EngineError) -> Usage {
        try await serving.run("usage", patience: 10) { try $0.usage(key) }
    }

    public func walk() async throws(EngineError) -> [Snapshot] {
        try await serving.run("walk", patience: 10) { driver in
            var snapshots: [Snapshot] = []
            try driver.walk {
                snapshots.append($0)
                return true
            }
            return snapshots
        }
    }
}
