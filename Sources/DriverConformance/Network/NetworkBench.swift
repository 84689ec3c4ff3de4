import CLinux
import DriverHost
import DriverKit
import Glibc
import LinuxNetlink
import LinuxSystem

/// A host with a network driver. The check's process is the host: it has a network namespace of its own, with an
/// interface `up0` to a machine outside.
///
///     outside 10.99.0.2 ── up0 10.99.0.1 host ── containers 10.77.<network>.<number>
final class NetworkBench {
    static let hostAddress = "10.99.0.1", outsideAddress = "10.99.0.2"
    let bench: Bench
    let outside: Sandbox
    private let state: String
    private(set) var driver: LoadedNetworkDriver

    /// Moves the calling thread, and those that it will make, into a network namespace of their own, for good.
    static func becomeHost() throws {
        let namespace = try NetworkNamespace.create()
        try Errno.check("enter a network namespace", setns(namespace.raw, CLONE_NEWNET))
    }

    init(_ bench: Bench) throws {
        self.bench = bench
        state = try bench.state()
        outside = try Sandbox()
        var route = try RouteSocket()
        try route.perform([.change(.index(NetworkNamespace.loopbackIndex), Self.up)])
        let pair = VethPair(name: "up0", peerName: "eth0", peerNamespace: outside.descriptor)
        try route.perform([.createVeth(pair), .change(.name("up0"), Self.up)])
        try route.perform([.addAddress(InterfaceAddress("\(Self.hostAddress)/24")!, link: try route.link(named: "up0")!.index)])
        try outside.run {
            var route = try RouteSocket()
            let index = try route.link(named: "eth0")!.index
            try route.perform([.addAddress(InterfaceAddress("\(Self.outsideAddress)/24")!, link: index), .change(.index(index), Self.up)])
        }
        driver = try Self.open(bench, state)
    }

    private static func open(_ bench: Bench, _ state: String) throws -> LoadedNetworkDriver {
        bench.step("open")
        return try LoadedNetworkDriver(bench.driver, bench.context(bench.driver.name, state: state))
    }

    private static var up: LinkChange {
        var change = LinkChange()
        change.isUp = true
        return change
    }

    func close() { bench.close(driver) }

    /// As after a restart of the engine: nothing is known but what the kernel holds.
    func reopen() throws {
        close()
        driver = try Self.open(bench, state)
    }

    var givesAddresses: Bool { bench.driver.capabilities.contains(.addresses) }

    // MARK: calls, named

    func create(_ number: Int = 1) throws {
        bench.step("create_network \(number)")
        try driver.createNetwork(Self.network(number, givesAddresses, bench.settings.objectOptions))
    }

    static func network(_ number: Int, _ givesAddresses: Bool, _ options: [String: String]) -> NetworkSpecification {
        let subnets = givesAddresses ? [Subnet(cidr: "10.77.\(number).0/24", gateway: "10.77.\(number).1")] : []
        return NetworkSpecification(id: id("a", number), name: "verify\(number)", subnets: subnets, options: options)
    }

    func remove(_ number: Int = 1) throws {
        bench.step("remove_network \(number)")
        try driver.removeNetwork(Self.id("a", number))
    }

    @discardableResult
    func join(_ sandbox: Sandbox, _ number: Int, network: Int = 1, name: String = "eth0", mac: String = "", ports: [PublishedPort] = []) throws -> [NetworkInterface] {
        bench.step("join of container \(number) to network \(network)")
        return try driver.join(Self.endpoint(number, network, givesAddresses, name: name, mac: mac, ports: ports), netns: sandbox.descriptor)
    }

    static func endpoint(_ number: Int, _ network: Int, _ givesAddresses: Bool, name: String = "eth0", mac: String = "", ports: [PublishedPort] = []) -> EndpointSpecification {
        EndpointSpecification(
            id: id("b", network * 100 + number), network: id("a", network), container: id("c", number), interfaceName: name, mac: mac,
            addresses: givesAddresses ? ["10.77.\(network).\(number)/24"] : [], gateways: givesAddresses && name == "eth0" ? ["10.77.\(network).1"] : [], ports: ports)
    }

    func leave(_ number: Int, network: Int = 1) throws {
        bench.step("leave of container \(number) from network \(network)")
        try driver.leave(network: Self.id("a", network), endpoint: Self.id("b", network * 100 + number))
    }

    /// "network 1" and "endpoint 102", sorted; nobody takes a part of them away here.
    func walk() throws -> [String] {
        bench.step("walk")
        var result: [String] = []
        try driver.walk {
            result.append("\($0.kind) \($0.id)\($0.isWhole ? "" : ", incomplete")")
            return true
        }
        return result.sorted()
    }

    /// 64 characters, as the engine's; the first ones differ.
    static func id(_ letter: String, _ number: Int) -> String {
        let head = "\(letter)\(number)f"
        return head + String(repeating: "0", count: 64 - head.utf8.count)
    }

    /// The host's interfaces. Drivers may take some time to delete one.
    func links() throws -> [String] {
        var route = try RouteSocket()
        return try route.links().map(\.name).sorted()
    }

    func demandLinks(_ wanted: [String], _ what: String) throws {
        _ = try walk()
        for _ in 0..<40 where try links() != wanted { usleep(50_000) }
        try demandEqual(try links(), wanted, what)
    }
}

/// A network namespace, as a container's.
final class Sandbox: Sendable {
    private let file: OwnedFD
    var descriptor: Int32 { file.raw }

    init() throws { file = try NetworkNamespace.create() }

    func run<R>(_ body: () throws -> R) throws -> R { try NetworkNamespace.enter(file.raw, body) }

    func links() throws -> [String] {
        try run {
            var route = try RouteSocket()
            return try route.links().map(\.name).sorted()
        }
    }
}
