import DriverKit

/// A network driver in a process of its own.
final class HostedNetworkDriver: NetworkDriver, Sendable {
    private let instance: HostedInstance

    init(_ instance: HostedInstance) { self.instance = instance }

    func createNetwork(_ network: NetworkSpecification) throws { _ = try instance.call(.createNetwork) { $0.put(network) } }
    func removeNetwork(_ id: String) throws { _ = try instance.call(.removeNetwork) { $0.put(id) } }

    func join(_ endpoint: EndpointSpecification, netns: Int32) throws -> [NetworkInterface] {
        var answer = try instance.call(.join, descriptor: netns) { $0.put(endpoint) }
        return try answer.get()
    }

    func leave(network: String, endpoint: String) throws {
        _ = try instance.call(.leave) {
            $0.put(network)
            $0.put(endpoint)
        }
    }

    func walk(_ body: (NetworkObject) -> Bool) throws {
        var answer = try instance.call(.walk) { _ in }
        for object in try answer.get([NetworkObject].self) where !body(object) { return }
    }

    func cancel() { instance.cancel() }
    func close() { instance.close() }
}
