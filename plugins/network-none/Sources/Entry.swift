public import DriverKit
import LinuxNetlink
import LinuxSystem

@c(gantry_driver_entry_v1)
public func entry(_ host: HostRef, _ error: ErrorRef) -> DriverRef {
    Driver.export(
        host, error,
        .network("none", version: "1.0.0", summary: "Loopback only", capabilities: [.concurrent, .singleton]) { _ in Isolation() })
}

/// Containers with a network of their own in which there is nothing but `lo`.
final class Isolation: NetworkDriver {
    func createNetwork(_ network: NetworkSpecification) throws {}
    func removeNetwork(_ id: String) throws {}

    func join(_ endpoint: EndpointSpecification, netns: Int32) throws -> [NetworkInterface] {
        do { try NetworkNamespace.bringLoopbackUp(netns) } catch let error as Errno {
            throw DriverError(error.code, "can't bring lo of the container \(endpoint.container) up: \(error)")
        }
        return []
    }

    func leave(network: String, endpoint: String) throws {}
    func walk(_ body: (NetworkObject) -> Bool) throws {}
}
