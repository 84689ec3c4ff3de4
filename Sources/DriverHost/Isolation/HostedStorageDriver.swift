import DriverKit

/// A storage driver in a process of its own.
final class HostedStorageDriver: StorageDriver, Sendable {
    private let instance: HostedInstance

    init(_ instance: HostedInstance) { self.instance = instance }

    func prepare(_ key: String, parent: String) throws -> [Mount] { try mounts(.prepare, key, parent) }
    func view(_ key: String, parent: String) throws -> [Mount] { try mounts(.view, key, parent) }
    func mounts(_ key: String) throws -> [Mount] { try mounts(.mounts, key, "") }

    private func mounts(_ call: HostCall, _ key: String, _ parent: String) throws -> [Mount] {
        var answer = try instance.call(call) {
            $0.put(key)
            $0.put(parent)
        }
        return try answer.get()
    }

    func commit(_ key: String, as name: String) throws {
        _ = try instance.call(.commit) {
            $0.put(key)
            $0.put(name)
        }
    }

    func remove(_ key: String) throws { _ = try instance.call(.remove) { $0.put(key) } }

    func usage(_ key: String) throws -> Usage {
        var answer = try instance.call(.usage) { $0.put(key) }
        return try answer.get()
    }

    func walk(_ body: (Snapshot) -> Bool) throws {
        var answer = try instance.call(.walk) { _ in }
        for snapshot in try answer.get([Snapshot].self) where !body(snapshot) { return }
    }

    func cancel() { instance.cancel() }
    func close() { instance.close() }
}
