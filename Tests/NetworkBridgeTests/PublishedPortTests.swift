import DriverKit
import EngineErrors
import Glibc
import Testing

private let web = PublishedPort(hostAddress: "", hostPort: 8080, containerPort: 80, transport: .tcp)
private let names = PublishedPort(hostAddress: "0.0.0.0", hostPort: 5353, containerPort: 53, transport: .udp)
private let local = PublishedPort(hostAddress: "127.0.0.1", hostPort: 9090, containerPort: 80, transport: .tcp)
private let host = Lab.hostAddress

@Suite(.enabled(if: geteuid() == 0), .serialized)
struct PublishedPortTests {
    private let lab: Lab
    private let container: Space

    init() throws {
        lab = try Lab()
        try lab.makeNetwork()
        container = try lab.join(2, ports: [web, names, local])
    }

    @Test("the host reaches a published TCP port on 127.0.0.1, and the container sees its gateway")
    func loopback() throws {
        let peer = try Traffic.tcp(from: lab.host, to: "127.0.0.1", 8080, server: container, listening: 80)
        #expect(peer == Traffic.Peer(address: "10.88.1.1", text: "hello"))
    }

    @Test("the host reaches a published TCP port on its own address")
    func ownAddress() throws {
        #expect(try Traffic.tcp(from: lab.host, to: host, 8080, server: container, listening: 80)?.text == "hello")
    }

    @Test("another machine reaches a published TCP port, and the container sees its real address")
    func outside() throws {
        let peer = try Traffic.tcp(from: lab.outside, to: host, 8080, server: container, listening: 80)
        #expect(peer == Traffic.Peer(address: Lab.outsideAddress, text: "hello"))
    }

    @Test("a published UDP port answers on 127.0.0.1 and from outside")
    func datagrams() throws {
        #expect(try Traffic.udp(from: lab.host, to: "127.0.0.1", 5353, server: container, listening: 53)?.text == "hello")
        let peer = try Traffic.udp(from: lab.outside, to: host, 5353, server: container, listening: 53)
        #expect(peer == Traffic.Peer(address: Lab.outsideAddress, text: "hello"))
    }

    @Test("a client that goes on sending datagrams reaches the container that has the port now")
    func flows() throws {
        #expect(try Traffic.udp(from: lab.outside, 7777, to: host, 5353, server: container, listening: 53) != nil)
        try lab.leave(2)
        #expect(try Traffic.udp(from: lab.outside, 7777, to: host, 5353, server: container, listening: 53, patience: 400) == nil)
        let next = try lab.join(3, ports: [names])
        #expect(try Traffic.udp(from: lab.outside, 7777, to: host, 5353, server: next, listening: 53)?.text == "hello")
    }

    @Test("a port published on 127.0.0.1 is the host's alone")
    func loopbackOnly() throws {
        #expect(try Traffic.tcp(from: lab.host, to: "127.0.0.1", 9090, server: container, listening: 80) != nil)
        #expect(try Traffic.tcp(from: lab.outside, to: host, 9090, server: container, listening: 80, patience: 400) == nil)
    }

    @Test("containers reach a published port by the host's address, their own as well")
    func hairpin() throws {
        let other = try lab.join(3)
        #expect(try Traffic.tcp(from: other, to: host, 8080, server: container, listening: 80)?.text == "hello")
        #expect(try Traffic.tcp(from: container, to: host, 8080, server: container, listening: 80)?.text == "hello")
    }

    @Test("after leave the port is closed, its elements are gone, and leaving again is fine")
    func leaving() throws {
        try lab.leave(2)
        #expect(try Traffic.tcp(from: lab.outside, to: host, 8080, server: container, listening: 80, patience: 400) == nil)
        #expect(try !lab.inventory().contains("8080"))
        try lab.leave(2)
    }

    @Test("a port that is published cannot be published again, and the failed join leaves nothing")
    func taken() throws {
        let before = try lab.inventory()
        let error = #expect(throws: (any Error).self) { try lab.join(3, ports: [names, web]) }
        #expect("\(error!)".contains("published already"))
        #expect(try lab.inventory() == before)
    }

    @Test("a driver that starts again takes over what runs, and can unpublish it")
    func restart() throws {
        try lab.restartDriver()
        let before = try lab.inventory()
        try lab.makeNetwork()
        #expect(try lab.inventory() == before)
        #expect(try Traffic.tcp(from: lab.outside, to: host, 8080, server: container, listening: 80) != nil)
        #expect(Set(try lab.walk().map(\.id)) == [Lab.id("network", 1), Lab.id("endpoint", 102)])
        #expect(throws: (any Error).self) { try lab.join(3, ports: [web]) }
        try lab.leave(2)
        #expect(try !lab.inventory().contains("8080"))
        let next = try lab.join(4, ports: [web])
        #expect(try Traffic.tcp(from: lab.host, to: "127.0.0.1", 8080, server: next, listening: 80) != nil)
    }

    @Test("a flushed rule set comes back with the next published port")
    func flushed() throws {
        _ = try lab.host.run { flushRules() }
        let next = try lab.join(5, ports: [PublishedPort(hostAddress: "", hostPort: 8081, containerPort: 80, transport: .tcp)])
        #expect(try Traffic.tcp(from: lab.outside, to: host, 8081, server: next, listening: 80) != nil)
        #expect(try Traffic.tcp(from: lab.outside, to: host, 8080, server: container, listening: 80) != nil)
    }
}
