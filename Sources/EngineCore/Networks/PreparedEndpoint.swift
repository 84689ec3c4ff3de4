public import DriverKit
public import EngineModel
import Glibc
import LinuxSystem
import Synchronization

/// An endpoint whose address is leased and whose ports are bound, before its container exists.
public final class PreparedEndpoint: Sendable {
    public let snapshot: EndpointSnapshot
    public let specification: EndpointSpecification
    let containerID: String
    private let sockets: Mutex<[Int32]>

    init(snapshot: EndpointSnapshot, specification: EndpointSpecification, containerID: String, sockets: [Int32]) {
        self.snapshot = snapshot
        self.specification = specification
        self.containerID = containerID
        self.sockets = Mutex(sockets)
    }

    deinit { closeSockets() }

    /// The sockets that hold the ports, for the container's shim; the caller closes them. A second call returns none.
    public func takeSockets() -> [Int32] {
        sockets.withLock { sockets in
            defer { sockets = [] }
            return sockets
        }
    }

    func closeSockets() {
        for socket in takeSockets() { close(socket) }
    }
}
