public import DriverKit
public import EngineErrors

/// The daemon's instance of a volume driver. Every method is the one of `VolumeDriver`, on the engine's own threads
/// and with a deadline.
public final class VolumeInstance: Sendable {
    private let driver: LoadedVolumeDriver
    private let calls: InstanceCalls

    init(_ driver: LoadedVolumeDriver, _ calls: InstanceCalls) {
        self.driver = driver
        self.calls = calls
    }

    public var name: String { calls.driver.name }
    public var capabilities: DriverCapabilities { calls.driver.capabilities }
    /// Of one volume.
    public var objectOptions: [DriverOption] { calls.driver.objectOptions }

    /// - Throws: `.invalidArgument` also for an option that the driver does not know.
    public func create(_ name: String, options: [String: String]) async throws(EngineError) {
        try OptionCheck.check(options, objectOptions, of: InstanceCalls.subject(calls.driver)) {
            "invalid option: \"\($0)\" for \(InstanceCalls.subject(calls.driver))"
        }
        try await calls.run { [driver] in try driver.create(name, options: options) }
    }

    public func remove(_ name: String) async throws(EngineError) {
        try await calls.run(patience: 10) { [driver] in try driver.remove(name) }
    }

    public func mount(_ name: String, user: String) async throws(EngineError) -> [Mount] {
        try await calls.run { [driver] in try driver.mount(name, user: user) }
    }

    public func unmount(_ name: String, user: String) async throws(EngineError) {
        try await calls.run { [driver] in try driver.unmount(name, user: user) }
    }

    /// - Throws: `.unsupported` for a driver that does not measure.
    public func usage(_ name: String) async throws(EngineError) -> Usage {
        try await calls.run(patience: 10) { [driver] in try driver.usage(name) }
    }

    public func walk() async throws(EngineError) -> [Volume] {
        try await calls.run { [driver] in
            var volumes: [Volume] = []
            try driver.walk {
                volumes.append($0)
                return true
            }
            return volumes
        }
    }
}
