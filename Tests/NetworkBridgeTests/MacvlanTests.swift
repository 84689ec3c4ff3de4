import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxNetlink
import LinuxSystem
import TestSupport
import Testing

@Suite("the network driver macvlan", .enabled(if: geteuid() == 0), .serialized)
struct MacvlanTests {
    private let host: Space
    private let driver: LoadedNetworkDriver

    init() throws {
        let host = try Space()
        driver = try host.run {
            var route = try RouteSocket()
            try route.perform([.createVeth(VethPair(name: "up0", peerName: "up1")), .change(.name("up0"), Lab.up), .change(.name("up1"), Lab.up)])
            let image = try Loader.load("\(Engine.bin)/libnetwork-macvlan.so", checksOwnership: false)
            return try LoadedNetworkDriver(image, OpenContext(name: "macvlan", stateDirectory: "/nonexistent", mark: "test-1"))
        }
        self.host = host
    }

    private func make(_ number: Int, _ options: [String: String] = [:], isInternal: Bool = false) throws {
        let subnet = Subnet(cidr: "10.87.\(number).0/24", gateway: "10.87.\(number).1")
        try host.run {
            try driver.createNetwork(
                NetworkSpecification(id: Lab.id("network", number), name: "lan\(number)", subnets: [subnet], options: options, isInternal: isInternal))
        }
    }

    private func join(_ number: Int, network: Int) throws -> Space {
        let space = try Space()
        let endpoint = EndpointSpecification(
            id: Lab.id("endpoint", network * 100 + number), network: Lab.id("network", network), container: "c\(number)",
            addresses: ["10.87.\(network).\(number)/24"], gateways: ["10.87.\(network).1"])
        let interfaces = try host.run { try driver.join(endpoint, netns: space.descriptor) }
        #expect(interfaces.map(\.name) == ["eth0"] && interfaces.allSatisfy { $0.hostName.isEmpty })
        return space
    }

    private func reaches(_ space: Space, _ other: Space, _ address: String, patience: Int = Traffic.patience) throws -> Bool {
        try Traffic.tcp(from: space, to: address, 8080, server: other, listening: 8080, patience: patience) != nil
    }

    private func links() throws -> [String] {
        try host.run {
            var route = try RouteSocket()
            return try route.links().map(\.name).filter { $0 != "lo" && $0 != "up1" && !$0.hasPrefix("dn-") }.sorted()
        }
    }

    private func refusal(_ body: () throws -> Void) -> DriverError? {
        do {
            try body()
            return nil
        } catch { return error as? DriverError }
    }

    @Test("containers on one parent reach one another, and leave nothing on the host")
    func traffic() throws {
        try make(1, ["parent": "up0"])
        try make(1, ["parent": "up0"])
        do {
            let a = try join(2, network: 1), b = try join(3, network: 1)
            #expect(try reaches(a, b, "10.87.1.3"))
            #expect(try reaches(b, a, "10.87.1.2"))
            #expect(try a.run { Command.run(["ip", "route"]).output.contains("default via 10.87.1.1 dev eth0") })
            #expect(try links() == ["up0"])
        }
        try host.run { try driver.removeNetwork(Lab.id("network", 1)) }
        #expect(try links() == ["up0"], "a parent that existed stays")
    }

    @Test("private mode keeps containers apart")
    func isPrivate() throws {
        try make(2, ["parent": "up0", "macvlan_mode": "private"])
        let a = try join(2, network: 2), b = try join(3, network: 2)
        #expect(try !reaches(a, b, "10.87.2.3", patience: 400))
        #expect(try !reaches(b, a, "10.87.2.2", patience: 400))
    }

    @Test("without a parent, or internal, there is one that leads nowhere, and it goes with the network", arguments: [false, true])
    func dummy(isInternal: Bool) throws {
        try make(3, isInternal ? ["parent": "up0"] : [:], isInternal: isInternal)
        let name = "dm-\(Lab.id("network", 3).prefix(12))"
        #expect(try links() == [name, "up0"])
        let a = try join(2, network: 3), b = try join(3, network: 3)
        #expect(try reaches(a, b, "10.87.3.3"))
        #expect(try b.run { !Command.run(["ip", "route"]).output.contains("default") })
        #expect(
            try host.run { () throws in
                var found: [NetworkObject] = []
                try driver.walk {
                    found.append($0)
                    return true
                }
                return found
            } == [NetworkObject(id: Lab.id("network", 3), kind: .network)])
        try host.run { try driver.removeNetwork(Lab.id("network", 3)) }
        try host.run { try driver.removeNetwork(Lab.id("network", 3)) }
        #expect(try links() == ["up0"])
    }

    @Test("a VLAN's interface is made if it does not exist, and goes with the network")
    func vlan() throws {
        guard try host.run({ Command.run(["ip", "link", "add", "link", "up0", "name", "probe", "type", "vlan", "id", "5"]).status }) == 0 else {
            // This kernel has no VLANs: the refusal says what was tried, and leaves nothing.
            let error = refusal { try make(4, ["parent": "up0.10"]) }
            #expect(
                error == DriverError(EOPNOTSUPP, "can't set up the network lan4: create the interface up0.10 for the VLAN 10 (Unknown device type): operation not supported"), "\(error?.message ?? "")"
            )
            #expect(try links() == ["up0"])
            return
        }
        try host.run { _ = Command.run(["ip", "link", "del", "probe"]) }
        try make(4, ["parent": "up0.10"])
        #expect(try links() == ["up0", "up0.10"])
        let a = try join(2, network: 4)
        #expect(try a.run { Command.run(["ip", "addr", "show", "eth0"]).output.contains("10.87.4.2/24") })
        try host.run { try driver.removeNetwork(Lab.id("network", 4)) }
        #expect(try links() == ["up0"])
    }

    @Test("what can't be is refused with a sentence, and nothing is left")
    func refusals() throws {
        #expect(
            refusal { try make(5, ["parent": "eth7"]) }
                == DriverError(ENODEV, "the parent eth7 of the network lan5 is no interface of this host; `ip link` lists those that are"))
        #expect(refusal { try make(5, ["parent": "eth7.9"]) }?.message == "the parent eth7.9 of the network lan5 is no interface of this host; `ip link` lists those that are")
        #expect(
            refusal { try make(5, ["parent": "up0", "macvlan_mode": "fast"]) }
                == DriverError(EINVAL, "the option macvlan_mode of the network lan5 is \"fast\"; it takes bridge, private, vepa or passthru"))
        try make(6, ["parent": "up0", "macvlan_mode": "passthru"])
        #expect(
            refusal { try make(7, ["parent": "up0"]) }
                == DriverError(EBUSY, "the interface up0 is the parent of the network lan6 already, and passthru leaves no room for another"))
        #expect(refusal { _ = try join(2, network: 9) }?.code == ENOENT)
        #expect(try links() == ["up0"])
    }
}
