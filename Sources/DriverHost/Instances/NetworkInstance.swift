public import DriverKit
public import EngineErrors

/// The daemon's instance of a network driver. Every method is the one of `NetworkDriver`, on the engine's own threads
/// and with a deadline.
public final class NetworkInstance: Sendable {
    private let driver: LoadedNetworkDriver
    private let calls: InstanceCalls

    init(_ driver: LoadedNetworkDriver, _ calls: InstanceCalls) {
        self.driver = driver
        self.calls = calls
    }

    public var name: String { calls.driver.name }
    public var capabilities: DriverCapabilities { calls.driver.capabilities }
    /// Of one network.
    public var objectOptions: [DriverOption] { calls.driver.objectOptions }

    /// - Throws: `.invalidArgument` also for an option that the driver does not know.
    public func createNetwork(_ network: NetworkSpecification) async throws(EngineError) {
        try OptionCheck.check(network.options, objectOptions, of: InstanceCalls.subject(calls.driver)) {
            "unknown option \"\($0)\" of network \(network.name) for \(InstanceCalls.subject(calls.driver))"
        }
        try await calls.run { [driver] in try driver.createNetwork(network) }
    }

    public func removeNetwork(_ id: String) async throws(EngineError) {
        try await calls.run { [driver] in try driver.removeNetwork(id) }
    }

    /// - Parameter netns: of a network namespace; must stay open until this returns.
    public func join(_ endpoint: EndpointSpecification, netns: Int32) async throws(EngineError) -> [NetworkInterface] {
        try await calls.run { [driver] in try driver.join(endpoint, netns: netns) }
    }

    public func leave(network: String, endpoint: String) async throws(EngineError) {
        try await calls.run { [driver] in try driver.leave(network: network, endpoint: endpoint) }
    }

    public func walk() async throws(EngineError) -> [NetworkObject] {
        try await calls.run { [driver] in
            var objects: [NetworkObject] = []
            try driver.walk {
                objects.append($0)
                return true
            }
            return objects
        }
    }
}
