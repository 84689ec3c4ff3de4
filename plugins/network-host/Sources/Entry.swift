public import DriverKit
import Glibc

@c(gantry_driver_entry_v1)
public func entry(_ host: HostRef, _ error: ErrorRef) -> DriverRef {
    Driver.export(
        host, error,
        .network(
            "host", version: "1.0.0", summary: "The host's own network", capabilities: [.concurrent, .hostNamespace, .singleton]
        ) { _ in HostNetwork() })
}

/// Containers that stay in the host's network namespace: there is nothing to set up.
final class HostNetwork: NetworkDriver {
    func createNetwork(_ network: NetworkSpecification) throws {}
    func removeNetwork(_ id: String) throws {}

    func join(_ endpoint: EndpointSpecification, netns: Int32) throws -> [NetworkInterface] {
        throw DriverError(ENOTSUP, "a container of a host network has no namespace to join")
    }

    func leave(network: String, endpoint: String) throws {}
    func walk(_ body: (NetworkObject) -> Bool) throws {}
}
