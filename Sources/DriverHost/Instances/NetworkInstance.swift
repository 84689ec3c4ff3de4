public import DriverKit
public import EngineErrors

/// The daemon's instance of a network driver. Every method is the one of `NetworkDriver`, on the engine's own threads
/// and with a deadline.
public final class NetworkInstance: Sendable {
    let serving: Serving<any NetworkDriver & Sendable>

    init(_ serving: Serving<any NetworkDriver & Sendable>) { self.serving = serving }

    public var name: String { serving.driver.name }
    public var capabilities: DriverCapabilities { serving.driver.capabilities }
    /// Of one network.
    public var objectOptions: [DriverOption] { serving.driver.objectOptions }

    /// - Throws: `.invalidArgument` also for an option that the driver does not know.
    public func createNetwork(_ network: NetworkSpecification) async throws(EngineError) {
        try OptionCheck.check(network.options, objectOptions, of: serving.driver.subject) {
            "unknown option \"\($0)\" of network \(network.name) for \(serving.driver.subject)"
        }
        try await serving.run("create_network") { try $0.createNetwork(network) }
    }

    public func removeNetwork(_ id: String) async throws(EngineError) {
        try await serving.run("remove_network") { try $0.removeNetwork(id) }
    }

    /// - Parameter netns: of a network namespace; must stay open until this returns.
    public func join(_ endpoint: EndpointSpecification, netns: Int32) async throws(EngineError) -> [NetworkInterface] {
        try await serving.run("join") { try $0.join(endpoint, netns: netns) }
    }

    public func leave(network: String, endpoint: String) async throws(EngineError) {
        try await serving.run("leave") { try $0.leave(network: network, endpoint: endpoint) }
    }

    public func walk() async throws(EngineError) -> [NetworkObject] {
        try await serving.run("walk") { driver in
            var objects: [NetworkObject] = []
            try driver.walk {
                objects.append($0)
                return true
            }
            return objects
        }
    }
}
