public import DriverKit
public import EngineErrors

/// The daemon's instance of a volume driver. Every method is the one of `VolumeDriver`, on the engine's own threads
/// and with a deadline.
public final class VolumeInstance: Sendable {
    let serving: Serving<any VolumeDriver & Sendable>

    init(_ serving: Serving<any VolumeDriver & Sendable>) { self.serving = serving }

    public var name: String { serving.driver.name }
    public var capabilities: DriverCapabilities { serving.driver.capabilities }
    /// Of one volume.
    public var objectOptions: [DriverOption] { serving.driver.objectOptions }

    /// - Throws: `.invalidArgument` also for an option that the driver does not know.
    public func create(_ name: String, options: [String: String]) async throws(EngineError) {
        try OptionCheck.check(options, objectOptions, of: serving.driver.subject) {
            "invalid option: \"\($0)\" for \(serving.driver.subject)"
        }
        try await serving.run("create") { try $0.create(name, options: options) }
    }

    public func remove(_ name: String) async throws(EngineError) {
        try await serving.run("remove", patience: 10) { try $0.remove(name) }
    }

    public func mount(_ name: String, user: String) async throws(EngineError) -> [Mount] {
        try await serving.run("mount") { try $0.mount(name, user: user) }
    }

    public func unmount(_ name: String, user: String) async throws(EngineError) {
        try await serving.run("unmount") { try $0.unmount(name, user: user) }
    }

    /// - Throws: `.unsupported` for a driver that does not measure.
    public func usage(_ name: String) async throws(EngineError) -> Usage {
        try await serving.run("usage", patience: 10) { try $0.usage(name) }
    }

    public func walk() async throws(EngineError) -> [Volume] {
        try await serving.run("walk") { driver in
            var volumes: [Volume] = []
            try driver.walk {
                volumes.append($0)
                return true
            }
            return volumes
        }
    }
}
