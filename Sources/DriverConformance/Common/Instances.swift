import DriverHost
import DriverKit

extension Bench {
    /// An instance of whatever kind the driver is.
    func openAny(_ context: OpenContext) throws -> any DriverInstance {
        step("open \(context.name)\(context.options.isEmpty ? "" : " with \(context.options.map { "\($0.key)=\($0.value.prefix(40))" }.sorted().joined(separator: " "))")")
        switch driver.kind {
        case .log: return try LoadedLogDriver(driver, context)
        case .storage: return try LoadedStorageDriver(driver, context)
        case .volume: return try LoadedVolumeDriver(driver, context)
        case .network: return try LoadedNetworkDriver(driver, context)
        }
    }

    func close(_ instance: any DriverInstance) {
        step("close")
        instance.close()
    }

    /// The name that the engine gives to an instance.
    var instanceName: String { driver.kind == .log ? String(repeating: "c0ffee12", count: 8) : driver.name }

    /// What the engine tells a log driver of its container.
    static let containerFacts = ["gantry.name": "verify", "gantry.image.name": "busybox", "gantry.image.id": "sha256:00", "gantry.command": "true", "gantry.created": "0"]

    func openAny(_ state: String = "state", options: [String: String] = [:]) throws -> any DriverInstance {
        try openAny(context(instanceName, state: try self.state(state), options: options, labels: driver.kind == .log ? Self.containerFacts : [:]))
    }
}
