import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxNetlink
import Testing
import TestSupport

func flushRules() -> Int32 { Command.run(["nft", "flush", "ruleset"]).status }

@Suite(.enabled(if: geteuid() == 0), .serialized)
struct ReachTests {
    private let lab: Lab

    init() throws {
        lab = try Lab()
        try lab.makeNetwork(1)
    }

    @Test("a container reaches the outside with the host's address")
    func masquerade() throws {
        let container = try lab.join(2)
        let peer = try Traffic.tcp(from: container, to: Lab.outsideAddress, 7000, server: lab.outside, listening: 7000)
        #expect(peer == Traffic.Peer(address: Lab.hostAddress, text: "hello"))
    }

    @Test("containers of one network reach one another with their own addresses")
    func neighbours() throws {
        let one = try lab.join(2), two = try lab.join(3)
        let peer = try Traffic.tcp(from: one, to: "10.88.1.3", 7000, server: two, listening: 7000)
        #expect(peer == Traffic.Peer(address: "10.88.1.2", text: "hello"))
    }

    @Test("with enable_icc=false they do not")
    func isolated() throws {
        try lab.makeNetwork(2, options: ["com.docker.network.bridge.enable_icc": "false"])
        let one = try lab.join(2, network: 2), two = try lab.join(3, network: 2)
        #expect(try Traffic.tcp(from: one, to: "10.88.2.3", 7000, server: two, listening: 7000, patience: 400) == nil)
        #expect(try Traffic.tcp(from: one, to: Lab.outsideAddress, 7000, server: lab.outside, listening: 7000) != nil)
    }

    @Test("containers of different networks reach each other only through published ports")
    func networksApart() throws {
        try lab.makeNetwork(2)
        let one = try lab.join(2)
        let two = try lab.join(2, network: 2, ports: [PublishedPort(hostAddress: "", hostPort: 8080, containerPort: 80, transport: .tcp)])
        #expect(try Traffic.tcp(from: one, to: "10.88.2.2", 80, server: two, listening: 80, patience: 400) == nil)
        #expect(try Traffic.tcp(from: one, to: Lab.hostAddress, 8080, server: two, listening: 80) != nil)
    }

    @Test("a port that is not published is out of reach for another machine")
    func closed() throws {
        let container = try lab.join(2)
        try lab.outside.run {
            var route = try RouteSocket()
            try route.perform([.addDefaultRoute([10, 99, 0, 1], link: try route.link(named: "eth0")!.index)])
        }
        #expect(try Traffic.tcp(from: lab.outside, to: "10.88.1.2", 80, server: container, listening: 80, patience: 400) == nil)
    }

    @Test("an internal network has no way out, and its containers reach one another")
    func internalNetwork() throws {
        try lab.makeNetwork(2, isInternal: true)
        let one = try lab.join(2, network: 2), two = try lab.join(3, network: 2)
        #expect(try Traffic.tcp(from: one, to: Lab.outsideAddress, 7000, server: lab.outside, listening: 7000, patience: 400) == nil)
        #expect(try Traffic.tcp(from: one, to: "10.88.2.3", 7000, server: two, listening: 7000) != nil)
    }

    @Test("a container cannot reach the host's loopback through the bridge")
    func loopbackGuard() throws {
        let container = try lab.join(2)
        try container.run {
            #expect(Command.run(["ip", "addr", "del", "127.0.0.1/8", "dev", "lo"]).status == 0)
            #expect(
                Command.run(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet; ip route del local 127.0.0.0/8 table local; ip route add 127.0.0.0/8 via 10.88.1.1 src 10.88.1.2"])
                    .status == 0)
        }
        #expect(try Traffic.tcp(from: container, to: "127.0.0.1", 7000, server: lab.host, listening: 7000, on: "127.0.0.1", patience: 400) == nil)
    }

    @Test("a container has lo, its address, the MAC made from it and no IPv6 on the wire")
    func insideView() throws {
        let container = try lab.join(2)
        try container.run {
            var route = try RouteSocket()
            let links = try route.links()
            #expect(links.map(\.name) == ["lo", "eth0"])
            #expect(links.map(\.isUp) == [true, true])
            #expect(links[1].mac == [0x02, 0x42, 10, 88, 1, 2])
            #expect(!Command.run(["ip", "-6", "addr", "show", "dev", "eth0"]).output.contains("inet6"))
            #expect(Command.run(["ip", "route"]).output.contains("default via 10.88.1.1 dev eth0"))
        }
    }

    @Test("joining and leaving a hundred times leaves what was there before")
    func leaks() throws {
        let before = try lab.inventory()
        for _ in 0..<100 {
            let space = try lab.join(2, ports: [PublishedPort(hostAddress: "", hostPort: 8080, containerPort: 80, transport: .tcp)])
            try lab.leave(2)
            _ = space
        }
        #expect(try lab.inventory() == before)
    }

    @Test("leave is fine after the container's namespace is gone")
    func goneNamespace() throws {
        let before = try lab.inventory()
        _ = try lab.join(2, ports: [PublishedPort(hostAddress: "", hostPort: 8080, containerPort: 80, transport: .tcp)])
        usleep(100_000)
        try lab.leave(2)
        #expect(try lab.inventory() == before)
    }

    @Test("a join into a namespace that has the interface already fails and leaves nothing")
    func failedJoin() throws {
        let space = try lab.join(2)
        let before = try lab.inventory()
        #expect(throws: (any Error).self) { try lab.join(3, space) }
        #expect(try lab.inventory() == before)
    }

    @Test("removing the last network removes its bridge and the table; removing it again is fine")
    func removal() throws {
        try lab.makeNetwork(2)
        try lab.removeNetwork(1)
        #expect(try lab.inventory().contains("10.88.2.0/24"))
        #expect(try !lab.inventory().contains("10.88.1.0/24"))
        try lab.removeNetwork(2)
        try lab.removeNetwork(2)
        #expect(try lab.inventory() == "[\"lo \", \"up0 \"]\n")
    }

    @Test("an address of a network that changed is brought in line")
    func changedSubnet() throws {
        try lab.host.run {
            let network = NetworkSpecification(id: Lab.id("network", 1), name: "net1", subnets: [Subnet(cidr: "10.77.0.0/16", gateway: "10.77.0.1")])
            try lab.driver.createNetwork(network)
            let addresses = Command.run(["ip", "-4", "-br", "addr"]).output
            #expect(addresses.contains("10.77.0.1/16") && !addresses.contains("10.88.1.1"))
        }
        let rules = try lab.inventory()
        #expect(rules.contains("10.77.0.0/16") && !rules.contains("10.88.1.0/24"))
    }
}
