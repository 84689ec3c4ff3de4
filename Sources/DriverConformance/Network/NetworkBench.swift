import CLinux
import DriverHost
import DriverKit
import Glibc
import LinuxNetlink
import LinuxSystem

/// A host for networks: the check's thread, in a network namespace of its own.
final class NetworkBench {
    let bench: Bench
    private var driver: LoadedNetworkDriver

    init(_ bench: Bench) throws {
        self.bench = bench
        try Errno.check("make a network namespace", unshare(CLONE_NEWNET))
        driver = try Self.open(bench)
    }

    private static func open(_ bench: Bench) throws -> LoadedNetworkDriver {
        bench.step("open")
        return try LoadedNetworkDriver(bench.driver, bench.context(bench.driver.name, state: try bench.state()))
    }

    func reopen() throws {
        bench.close(driver)
        driver = try Self.open(bench)
    }

    static func id(_ letter: String, _ number: Int) -> String {
        let text = "\(letter)\(number)a"
        return text + String(repeating: "0", count: 64 - text.count)
    }

    func make(_ number: Int) throws {
        bench.step("create_network \(number)")
        let subnet = Subnet(cidr: "198.18.\(number).0/24", gateway: "198.18.\(number).1")
        try driver.createNetwork(NetworkSpecification(id: Self.id("f", number), name: "verify\(number)", subnets: [subnet], options: bench.settings.objectOptions))
    }

    func remove(_ number: Int) throws {
        bench.step("remove_network \(number)")
        try driver.removeNetwork(Self.id("f", number))
    }

    func join(_ number: Int, network: Int, _ netns: Int32) throws -> [NetworkInterface] {
        bench.step("join of container \(number) to network \(network)")
        return try driver.join(
            EndpointSpecification(
                id: Self.id("e", network * 100 + number), network: Self.id("f", network), container: "container\(number)",
                addresses: ["198.18.\(network).\(number)/24"], gateways: ["198.18.\(network).1"]), netns: netns)
    }

    func leave(_ number: Int, network: Int) throws {
        bench.step("leave of container \(number) from network \(network)")
        try driver.leave(network: Self.id("f", network), endpoint: Self.id("e", network * 100 + number))
    }

    func objects() throws -> [NetworkObject] {
        bench.step("walk")
        var found: [NetworkObject] = []
        try driver.walk {
            found.append($0)
            return true
        }
        return found
    }

    /// Names of the host's interfaces. One that is on its way out with its namespace gets a moment.
    func links() throws -> [String] {
        var route = try RouteSocket()
        var names = try route.links().map(\.name).sorted()
        for _ in 0..<20 {
            usleep(10_000)
            let now = try route.links().map(\.name).sorted()
            if now == names { return now }
            names = now
        }
        return names
    }
}
