import DriverHost
import DriverKit
import Glibc
import LinuxNetlink
import LinuxSystem

/// Endpoints by traffic. Each check has a network namespace of its own for a host.
enum NetworkSuite {
    static let checks = [again, walks, interface, traffic, apart, leaves, rejoins, adopted, absent]
    static let actors: [Actor] = []

    static func cycle(_ bench: Bench, _ driver: LoadedNetworkDriver, _ number: Int) throws {
        bench.step("walk, leave, remove_network")
        try driver.walk { _ in true }
        try driver.leave(network: NetworkBench.id("f", number), endpoint: NetworkBench.id("e", number))
        if !bench.driver.capabilities.contains(.singleton) { try driver.removeNetwork(NetworkBench.id("f", number)) }
    }

    private static func check(_ name: String, _ demand: String, _ body: @escaping @Sendable (NetworkBench) throws -> Void) -> Check {
        Check(name, demand, seconds: 20) { bench in
            try skip(unless: !bench.driver.capabilities.contains(.singleton), "the driver has one network, which is there")
            try body(try NetworkBench(bench))
        }
    }

    /// For drivers whose containers have addresses.
    private static func withAddresses(_ name: String, _ demand: String, _ body: @escaping @Sendable (NetworkBench) throws -> Void) -> Check {
        check(name, demand) { host in
            try host.bench.skip(unless: .addresses, "give containers addresses")
            try body(host)
        }
    }

    private static let again = check("network.calls-are-idempotent", "a network is made twice and removed twice without an error") { host in
        for _ in 0..<2 { try host.make(1) }
        for _ in 0..<2 { try host.remove(1) }
    }

    private static let walks = withAddresses("network.leaves-nothing", "walk tells a network's objects once, and a removed network leaves no interface") { host in
        let before = try host.links()
        try host.make(1)
        let told = try host.objects().filter { $0.id == NetworkBench.id("f", 1) }
        try demandEqual(told.count, 1, "objects of the network told")
        try host.remove(1)
        try demandEqual(try host.objects().count, 0, "objects told after the removal")
        try demandEqual(try host.links(), before, "interfaces of the host after the removal")
    }

    private static let interface = withAddresses("network.container-gets-its-interface", "a container gets the interface that was asked for, up, with its address, and lo") { host in
        try host.make(1)
        let space = try NetworkNamespace.create()
        try demandEqual(try host.join(2, network: 1, space.raw).map(\.name), ["eth0"], "the interfaces that join told")
        let found = try NetworkNamespace.enter(space.raw) { () throws -> (addresses: [String], loopback: Bool) in
            var route = try RouteSocket()
            guard let link = try route.link(named: "eth0") else { throw Outcome.failed("there is no eth0 in the container") }
            let addresses = try route.addresses()
            return (addresses.filter { $0.link == link.index }.map { "\($0.address)" }, addresses.contains { "\($0.address)".hasPrefix("127.0.0.1") })
        }
        try demandEqual(found.addresses, ["198.18.1.2/24"], "the addresses of eth0")
        try demand(found.loopback, "lo has no address: it is not up")
    }

    private static let traffic = withAddresses("network.containers-reach-one-another", "a connection between two containers of a network comes about, both ways") { host in
        try host.make(1)
        let one = try NetworkNamespace.create(), two = try NetworkNamespace.create()
        _ = try host.join(2, network: 1, one.raw)
        _ = try host.join(3, network: 1, two.raw)
        try demand(try Talk.reaches("198.18.1.3", from: one.raw, in: two.raw), "198.18.1.3 was not reached from 198.18.1.2")
        try demand(try Talk.reaches("198.18.1.2", from: two.raw, in: one.raw), "198.18.1.2 was not reached from 198.18.1.3")
    }

    private static let apart = withAddresses("network.networks-are-apart", "a container is not reached from another network") { host in
        try host.make(1)
        try host.make(2)
        let one = try NetworkNamespace.create(), two = try NetworkNamespace.create()
        _ = try host.join(2, network: 1, one.raw)
        _ = try host.join(2, network: 2, two.raw)
        try demand(!(try Talk.reaches("198.18.2.2", from: one.raw, in: two.raw)), "198.18.2.2 was reached from 198.18.1.2")
    }

    private static let leaves = withAddresses("network.leaving", "leave is idempotent, works when the container is gone, and leaves no interface") { host in
        try host.make(1)
        let before = try host.links()
        do {
            let space = try NetworkNamespace.create()
            _ = try host.join(2, network: 1, space.raw)
        }
        for _ in 0..<2 { try host.leave(2, network: 1) }
        try demand(!(try host.objects().contains { $0.kind == .endpoint }), "walk tells an endpoint that left")
        try demandEqual(try host.links(), before, "interfaces of the host after the container left")
    }

    private static let rejoins = withAddresses("network.comes-back", "a container that leaves may come back at once, with the same address and in another namespace") { host in
        try host.make(1)
        for _ in 0..<3 {
            let space = try NetworkNamespace.create()
            _ = try host.join(2, network: 1, space.raw)
            try host.leave(2, network: 1)
        }
    }

    private static let adopted = withAddresses("network.survives-a-restart", "another instance brings a network in line, and containers that joined before stay connected") { host in
        try host.make(1)
        let one = try NetworkNamespace.create(), two = try NetworkNamespace.create()
        _ = try host.join(2, network: 1, one.raw)
        try host.reopen()
        try host.make(1)
        _ = try host.join(3, network: 1, two.raw)
        try demand(try Talk.reaches("198.18.1.2", from: two.raw, in: one.raw), "198.18.1.2, which joined before, was not reached")
        for number in [2, 3] { try host.leave(number, network: 1) }
        try host.remove(1)
    }

    private static let absent = withAddresses("network.absent-is-ENOENT", "joining a network that was not made fails with ENOENT and leaves nothing in the container") { host in
        let space = try NetworkNamespace.create()
        try host.bench.expect(ENOENT, of: "join of a network that was not made") { _ = try host.join(2, network: 9, space.raw) }
        let names = try NetworkNamespace.enter(space.raw) { () throws -> [String] in
            var route = try RouteSocket()
            return try route.links().map(\.name)
        }
        try demandEqual(names, ["lo"], "the container's interfaces")
    }
}
