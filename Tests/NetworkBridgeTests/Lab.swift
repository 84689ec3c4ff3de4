import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxNetlink
import LinuxSystem
import TestSupport

/// A host of its own: a network namespace in which the driver works, with a second one outside it.
///
///     outside 10.99.0.2 ── 10.99.0.1 host ── bridges ── containers
final class Lab {
    static let hostAddress = "10.99.0.1", outsideAddress = "10.99.0.2"
    let host: Space
    let outside: Space
    private(set) var driver: LoadedNetworkDriver

    init() throws {
        let host = try Space(), outside = try Space()
        let peer = outside.descriptor
        try host.run {
            var route = try RouteSocket()
            try route.perform([
                .change(.index(1), Self.up),
                .createVeth(VethPair(name: "up0", peerName: "eth0", peerNamespace: peer)), .change(.name("up0"), Self.up),
            ])
            try route.perform([.addAddress(InterfaceAddress("\(Self.hostAddress)/24")!, link: try route.link(named: "up0")!.index)])
        }
        try outside.run {
            var route = try RouteSocket()
            let index = try route.link(named: "eth0")!.index
            try route.perform([.addAddress(InterfaceAddress("\(Self.outsideAddress)/24")!, link: index), .change(.index(index), Self.up)])
        }
        driver = try host.run { try Self.open() }
        self.host = host
        self.outside = outside
    }

    deinit { try? host.run { driver.close() } }

    /// As a daemon that starts again: nothing is known but what the kernel holds.
    func restartDriver() throws {
        try host.run { driver.close() }
        driver = try host.run { try Self.open() }
    }

    private static func open() throws -> LoadedNetworkDriver {
        let folder = getenv("GANTRY_TEST_BIN").map { String(cString: $0) } ?? Engine.bin
        let image = try Loader.load("\(folder)/libnetwork-bridge.so", checksOwnership: false)
        return try LoadedNetworkDriver(image, OpenContext(name: "bridge", stateDirectory: "/nonexistent", mark: "test-1"))
    }

    static var up: LinkChange {
        var change = LinkChange()
        change.isUp = true
        return change
    }

    func makeNetwork(_ number: Int = 1, options: [String: String] = [:], isInternal: Bool = false) throws {
        let subnet = Subnet(cidr: "10.88.\(number).0/24", gateway: "10.88.\(number).1")
        let network = NetworkSpecification(id: Self.id("network", number), name: "net\(number)", subnets: [subnet], options: options, isInternal: isInternal)
        try host.run { try driver.createNetwork(network) }
    }

    func removeNetwork(_ number: Int = 1) throws { try host.run { try driver.removeNetwork(Self.id("network", number)) } }

    /// Container `number` of a network has the address 10.88.<network>.<number>.
    func join(_ number: Int, network: Int = 1, ports: [PublishedPort] = []) throws -> Space {
        let space = try Space()
        try join(number, network: network, ports: ports, space)
        return space
    }

    func join(_ number: Int, network: Int = 1, ports: [PublishedPort] = [], _ space: Space) throws {
        let endpoint = EndpointSpecification(
            id: Self.id("endpoint", network * 100 + number), network: Self.id("network", network), container: "c\(number)",
            addresses: ["10.88.\(network).\(number)/24"], gateways: ["10.88.\(network).1"], ports: ports)
        let interfaces = try host.run { try driver.join(endpoint, netns: space.descriptor) }
        precondition(interfaces.map(\.name) == ["eth0"])
    }

    func leave(_ number: Int, network: Int = 1) throws {
        try host.run { try driver.leave(network: Self.id("network", network), endpoint: Self.id("endpoint", network * 100 + number)) }
    }

    static func id(_ kind: String, _ number: Int) -> String {
        let text = "\(kind == "network" ? "a" : "b")\(number)"
        return text + String(repeating: "0", count: 64 - text.count)
    }

    /// The names of the driver's kernel objects.
    func walk() throws -> [NetworkObject] {
        try host.run {
            var found: [NetworkObject] = []
            try driver.walk {
                found.append($0)
                return true
            }
            return found
        }
    }

    /// Everything in the host's namespace that could leak.
    func inventory() throws -> String {
        _ = try walk()
        return try host.run { () throws -> String in
            var route = try RouteSocket()
            let links = try route.links().map { "\($0.name) \($0.alias)" }.sorted()
            return "\(links)\n" + Command.run(["nft", "list", "ruleset"]).output
        }
    }
}

/// A network namespace.
final class Space {
    private let file: OwnedFD
    var descriptor: Int32 { file.raw }
    init() throws { file = try NetworkNamespace.create() }
    func run<R>(_ body: () throws -> R) throws -> R { try NetworkNamespace.enter(file.raw, body) }
}
