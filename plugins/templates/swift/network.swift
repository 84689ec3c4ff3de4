public import DriverKit
import Glibc

@c(gantry_driver_entry_v1)
public func entry(_ host: HostRef, _ error: ErrorRef) -> DriverRef {
    Driver.export(host, error, .network("@NAME@", version: "0.1.0", summary: "Loopback only", capabilities: [.concurrent], Loopback.init))
}

/// Containers with nothing but `lo`: every call, and a place to begin.
final class Loopback: NetworkDriver, Sendable {
    /// Tells this daemon's kernel objects from those of others: put it into an alias or a comment of what you make.
    private let mark: String

    init(_ context: OpenContext) throws {
        guard context.options.isEmpty else { throw DriverError(EINVAL, "@NAME@ has no options") }
        mark = context.mark
    }

    /// Brings what exists in line: it is called for every network when the daemon starts.
    func createNetwork(_ network: NetworkSpecification) throws {}
    func removeNetwork(_ id: String) throws {}

    /// Puts an interface into the network namespace behind `netns`.
    func join(_ endpoint: EndpointSpecification, netns: Int32) throws -> [NetworkInterface] { [] }
    func leave(network: String, endpoint: String) throws {}

    /// Every kernel object that carries the mark.
    func walk(_ body: (NetworkObject) -> Bool) throws {}
}
