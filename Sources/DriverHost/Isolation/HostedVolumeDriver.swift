import DriverKit

/// A volume driver in a process of its own.
final class HostedVolumeDriver: VolumeDriver, Sendable {
    private let instance: HostedInstance

    init(_ instance: HostedInstance) { self.instance = instance }

    func create(_ name: String, options: [String: String]) throws {
        _ = try instance.call(.create) {
            $0.put(name)
            $0.put(options)
        }
    }

    func remove(_ name: String) throws { _ = try instance.call(.remove) { $0.put(name) } }

    func mount(_ name: String, user: String) throws -> [Mount] {
        var answer = try instance.call(.mount) {
            $0.put(name)
            $0.put(user)
        }
        return try answer.get()
    }

    func unmount(_ name: String, user: String) throws {
        _ = try instance.call(.unmount) {
            $0.put(name)
            $0.put(user)
        }
    }

    func usage(_ name: String) throws -> Usage {
        var answer = try instance.call(.usage) { $0.put(name) }
        return try answer.get()
    }

    func walk(_ body: (Volume) -> Bool) throws {
        var answer = try instance.call(.walk) { _ in }
        for volume in try answer.get([Volume].self) where !body(volume) { return }
    }

    func cancel() { instance.cancel() }
    func close() { instance.close() }
}
