import EngineErrors
import EngineModel
import Glibc
import LinuxSystem

/// Chooses and takes the host ports of one endpoint; all of them or none.
struct PortBinder {
    /// A port that is not to be had.
    struct Refusal: Error {
        var key: PortKey
        var code: Int32
        /// The endpoint of ours that has it.
        var endpoint: String?
    }

    /// The kernel's own range for outgoing connections.
    private static let ephemeral: ClosedRange<UInt16> = 32768...60999
    private(set) var sockets: [Int32] = []
    private(set) var bindings: [PortBinding] = []
    private(set) var keys: [PortKey] = []
    private let published: PublishedPorts
    /// Where bindings without an address go.
    private let defaultAddress: String

    init(_ published: PublishedPorts, defaultAddress: String) {
        self.published = published
        self.defaultAddress = defaultAddress
    }

    mutating func take(_ wanted: [PortBinding]) throws(Refusal) {
        do {
            for binding in wanted {
                let address = binding.hostAddress.isEmpty ? defaultAddress : binding.hostAddress
                if binding.hostPort == 0 { try takeAny(binding, address) } else { try take(binding, address, binding.hostPort) }
            }
        } catch {
            for socket in sockets { close(socket) }
            throw error
        }
    }

    private mutating func take(_ binding: PortBinding, _ address: String, _ number: UInt16) throws(Refusal) {
        let key = PortKey(address: address, port: ContainerPort(number, binding.container.transport))
        if let owner = published.owner(of: key) { throw Refusal(key: key, code: EADDRINUSE, endpoint: owner) }
        do throws(Errno) {
            if let socket = try PortReservation.take(key) { sockets.append(socket.take()) }
        } catch {
            throw Refusal(key: key, code: error.code)
        }
        keys.append(key)
        bindings.append(PortBinding(container: binding.container, hostAddress: address, hostPort: number))
    }

    private mutating func takeAny(_ binding: PortBinding, _ address: String) throws(Refusal) {
        var last: Refusal?
        for number in Self.ephemeral {
            do { return try take(binding, address, number) } catch {
                guard error.code == EADDRINUSE else { throw error }
                last = error
            }
        }
        if let last { throw last }
    }
}
