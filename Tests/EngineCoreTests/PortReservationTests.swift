@testable import EngineCore
import EngineModel
import Glibc
import LinuxSystem
import Testing

/// On 127.0.0.77, so that nothing else of the machine is in the way.
@Suite(.serialized)
struct PortReservationTests {
    private func key(_ number: UInt16, _ transport: ContainerPort.Transport = .tcp) -> PortKey {
        PortKey(address: "127.0.0.77", port: ContainerPort(number, transport))
    }

    private func open(_ number: UInt16, reuse: Bool, _ type: __socket_type = SOCK_STREAM) -> (descriptor: Int32, bound: Bool, listens: Bool) {
        let descriptor = socket(AF_INET, Int32(type.rawValue), 0)
        var on: Int32 = 1
        if reuse { setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = number.bigEndian
        inet_pton(AF_INET, "127.0.0.77", &address.sin_addr)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, 16) } == 0
        }
        return (descriptor, bound, bound && listen(descriptor, 1) == 0)
    }

    @Test("a reserved TCP port refuses connections, and nobody else can listen on it", arguments: [false, true])
    func exclusive(reuse: Bool) throws {
        let held = try PortReservation.take(key(18001))
        let other = open(18001, reuse: reuse)
        #expect(!other.listens)
        close(other.descriptor)
        _ = consume held
    }

    @Test("a port that somebody listens on can't be reserved", arguments: [false, true])
    func taken(reuse: Bool) {
        let other = open(18002, reuse: reuse)
        defer { close(other.descriptor) }
        #expect(other.listens)
        #expect(throws: Errno.self) { _ = try PortReservation.take(key(18002)) }
    }

    @Test("connections in TIME_WAIT do not hinder, and the port is exclusive then as well")
    func timeWait() throws {
        let listener = open(18003, reuse: true)
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(18003).bigEndian
        inet_pton(AF_INET, "127.0.0.77", &address.sin_addr)
        _ = withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, 16) } }
        let accepted = accept(listener.descriptor, nil, nil)
        for descriptor in [accepted, client, listener.descriptor] { close(descriptor) }
        let plain = open(18003, reuse: false)
        #expect(!plain.bound, "the test needs a connection in TIME_WAIT")
        close(plain.descriptor)
        let held = try PortReservation.take(key(18003))
        let other = open(18003, reuse: true)
        #expect(!other.listens)
        close(other.descriptor)
        #expect(throws: Errno.self) { _ = try PortReservation.take(key(18003)) }
        _ = consume held
    }

    @Test("a UDP port is exclusive")
    func datagrams() throws {
        let held = try PortReservation.take(key(18004, .udp))
        #expect(!open(18004, reuse: true, SOCK_DGRAM).bound)
        _ = consume held
    }

    @Test("the process that uses a port is found by the kernel's tables")
    func owner() {
        let other = open(18005, reuse: false)
        defer { close(other.descriptor) }
        #expect(other.listens)
        #expect(PortOwner.describe(ContainerPort(18005))?.hasPrefix("process \(getpid()) (") == true)
        #expect(PortOwner.describe(ContainerPort(18006)) == nil)
    }

    @Test("a port on every address and the same port on one address overlap")
    func overlap() {
        var ports = PublishedPorts()
        ports.add(PortKey(address: "0.0.0.0", port: ContainerPort(80)), endpoint: "e")
        #expect(ports.owner(of: key(80)) == "e")
        #expect(ports.owner(of: key(80, .udp)) == nil)
        ports.remove(PortKey(address: "0.0.0.0", port: ContainerPort(80)), endpoint: "e")
        #expect(ports.owner(of: key(80)) == nil)
    }
}
