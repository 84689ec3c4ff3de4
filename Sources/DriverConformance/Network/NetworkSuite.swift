import DriverHost
import DriverKit
import Glibc
import LinuxNetlink
import LinuxSystem

/// Networks and the interfaces of containers in them. Everything happens in network namespaces of the check's own.
enum NetworkSuite {
    static let checks: [Check] = [
        interface, wishes, reach, apart, twoNetworks, leaveLinks, leaveAgain, comesBack, removal, createAgain, walk, restart, failedJoin, ports, concurrent,
    ]

    static func cycle(_ bench: Bench, _ driver: LoadedNetworkDriver, _ number: Int) throws {
        let addresses = bench.driver.capabilities.contains(.addresses)
        bench.step("create_network")
        try driver.createNetwork(NetworkBench.network(1, addresses, bench.settings.objectOptions))
        let endpoint = NetworkBench.endpoint(2, 1, addresses)
        if !bench.driver.capabilities.contains(.hostNamespace) {
            let sandbox = try Sandbox()
            bench.step("join")
            _ = try driver.join(endpoint, netns: sandbox.descriptor)
        }
        bench.step("leave")
        try driver.leave(network: endpoint.network, endpoint: endpoint.id)
        bench.step("walk")
        try driver.walk { _ in true }
        bench.step("remove_network")
        try driver.removeNetwork(endpoint.network)
    }

    /// The checks with containers in namespaces of their own.
    private static func joining(_ name: String, _ demand: String, addresses: Bool = false, seconds: Int = 10, _ body: @escaping @Sendable (Bench) throws -> Void) -> Check {
        Check(name, demand, seconds: seconds) { bench in
            try skip(unless: !bench.driver.capabilities.contains(.hostNamespace), "containers of this driver stay in the host's network namespace")
            if addresses { try bench.skip(unless: .addresses, "give containers addresses") }
            try body(bench)
        }
    }

    private static let interface = joining("network.join-gives-an-interface", "the container has the interfaces that join tells; one with an address has what was asked for, and is up, and so is lo") {
        bench in
        let lab = try NetworkBench(bench), sandbox = try Sandbox()
        try lab.create()
        let told = try lab.join(sandbox, 2)
        try sandbox.run {
            var route = try RouteSocket()
            let links = try route.links()
            try demandEqual(links.map(\.name).sorted(), (["lo"] + told.map(\.name)).sorted(), "interfaces in the container")
            guard lab.givesAddresses else { return }
            for link in links { try demand(link.isUp, "the interface \(link.name) in the container is not up") }
            try demandEqual(told.map(\.name), ["eth0"], "interfaces that join told")
            let index = links.first { $0.name == "eth0" }?.index
            let addresses = try route.addresses().filter { $0.link == index }.map { "\($0.address)" }
            try demand(addresses.contains("10.77.1.2/24"), "eth0 has the addresses \(addresses), 10.77.1.2/24 was asked for")
        }
        try lab.leave(2)
        try lab.remove()
        lab.close()
    }

    private static let wishes = joining("network.join-heeds-name-and-mac", "the interface has the name and the MAC address that were asked for", addresses: true) { bench in
        let lab = try NetworkBench(bench), sandbox = try Sandbox()
        try lab.create()
        let told = try lab.join(sandbox, 2, name: "net7", mac: "02:42:0a:4d:01:99")
        try demandEqual(told.map(\.name), ["net7"], "names that join told")
        let mac = try sandbox.run {
            var route = try RouteSocket()
            return try route.link(named: "net7")?.mac.map { String($0, radix: 16) }.joined(separator: ":") ?? "no net7"
        }
        try demandEqual(mac, "2:42:a:4d:1:99", "the MAC address of net7")
        try lab.leave(2)
        try lab.remove()
        lab.close()
    }

    private static let reach = joining("network.endpoints-reach-each-other", "containers of one network reach each other by their addresses, both ways", addresses: true) { bench in
        let lab = try NetworkBench(bench), one = try Sandbox(), two = try Sandbox()
        try lab.create()
        try lab.join(one, 2)
        try lab.join(two, 3)
        bench.step("traffic between two containers")
        try demand(try Traffic.passes(from: one, to: "10.77.1.3", server: two), "10.77.1.2 does not reach 10.77.1.3")
        try demand(try Traffic.passes(from: two, to: "10.77.1.2", server: one), "10.77.1.3 does not reach 10.77.1.2")
        for number in [2, 3] { try lab.leave(number) }
        try lab.remove()
        lab.close()
    }

    private static let apart = joining("network.networks-are-apart", "containers of two networks do not reach each other, even with an address of the other network", addresses: true) { bench in
        try skip(unless: !bench.driver.capabilities.contains(.singleton), "the driver has one network only")
        let lab = try NetworkBench(bench), one = try Sandbox(), two = try Sandbox()
        for number in [1, 2] { try lab.create(number) }
        try lab.join(one, 2, network: 1)
        try lab.join(two, 2, network: 2)
        bench.step("traffic between two networks")
        try demand(try !Traffic.passes(from: one, to: "10.77.2.2", server: two, patience: 500), "10.77.1.2 reaches 10.77.2.2 of another network")
        try one.run {
            var route = try RouteSocket()
            try route.perform([.addAddress(InterfaceAddress("10.77.2.77/24")!, link: try route.link(named: "eth0")!.index)])
        }
        try demand(try !Traffic.passes(from: one, to: "10.77.2.2", server: two, patience: 500), "10.77.2.2 is reached from another network by whoever takes an address of its subnet")
        for number in [1, 2] {
            try lab.leave(2, network: number)
            try lab.remove(number)
        }
        lab.close()
    }

    private static let twoNetworks = joining(
        "network.two-networks-one-container", "a container in two networks reaches the containers of both, and keeps one when it leaves the other", addresses: true
    ) { bench in
        try skip(unless: !bench.driver.capabilities.contains(.singleton), "the driver has one network only")
        let lab = try NetworkBench(bench), both = try Sandbox(), first = try Sandbox(), second = try Sandbox()
        for number in [1, 2] { try lab.create(number) }
        try lab.join(both, 2, network: 1)
        try lab.join(both, 2, network: 2, name: "eth1")
        try lab.join(first, 3, network: 1)
        try lab.join(second, 3, network: 2)
        bench.step("traffic to both networks")
        try demand(try Traffic.passes(from: both, to: "10.77.1.3", server: first), "the first network is not reached")
        try demand(try Traffic.passes(from: both, to: "10.77.2.3", server: second), "the second network is not reached")
        try lab.leave(2, network: 1)
        _ = try lab.walk()
        try demand(try Traffic.passes(from: both, to: "10.77.2.3", server: second), "the second network is not reached after the first was left")
        try lab.leave(2, network: 2)
        for number in [1, 2] {
            try lab.leave(3, network: number)
            try lab.remove(number)
        }
        lab.close()
    }

    // MARK: what is left

    private static let leaveLinks = joining("network.leave-leaves-nothing", "leave takes away each interface that join made, on the host and in the container") { bench in
        let lab = try NetworkBench(bench)
        try lab.create()
        let links = try lab.links(), objects = try lab.walk()
        for _ in 0..<5 {
            let sandbox = try Sandbox()
            try lab.join(sandbox, 2)
            try lab.leave(2)
            try lab.demandLinks(links, "the host's interfaces after leave")
            try demandEqual(try sandbox.links(), ["lo"], "the container's interfaces after leave")
        }
        try demandEqual(try lab.walk(), objects, "what walk gives after leave")
        try lab.join(try Sandbox(), 3)
        usleep(50_000)
        try lab.leave(3)
        try lab.demandLinks(links, "the host's interfaces after the end of the container and leave")
        let sandbox = try Sandbox()
        try lab.join(sandbox, 4)
        try lab.reopen()
        try lab.leave(4)
        try lab.demandLinks(links, "the host's interfaces after leave by the next instance")
        try lab.create()
        try lab.remove()
        lab.close()
    }

    private static let leaveAgain = joining("network.leave-again", "leave may come twice, for an endpoint that never joined, and after the container's namespace is gone") { bench in
        let lab = try NetworkBench(bench)
        try lab.create()
        let sandbox = try Sandbox()
        try lab.join(sandbox, 2)
        for number in [2, 2, 9] { try lab.leave(number) }
        try lab.join(try Sandbox(), 3)
        usleep(100_000)
        try lab.leave(3)
        try lab.remove()
        lab.close()
    }

    private static let comesBack = joining("network.comes-back", "a container that leaves may come back at once, with the same address and in another namespace") { bench in
        let lab = try NetworkBench(bench)
        try lab.create()
        for _ in 0..<3 {
            let sandbox = try Sandbox()
            try lab.join(sandbox, 2)
            try lab.leave(2)
        }
        try lab.remove()
        lab.close()
    }

    private static let removal = Check("network.remove-leaves-nothing", "remove_network takes away what create_network made, and may come twice") { bench in
        let lab = try NetworkBench(bench)
        let links = try lab.links()
        for number in bench.driver.capabilities.contains(.singleton) ? [1] : [1, 2] {
            try lab.create(number)
            try lab.remove(number)
            try lab.remove(number)
            try lab.demandLinks(links, "the host's interfaces after remove_network")
            try demandEqual(try lab.walk(), [], "what walk gives after remove_network")
        }
        lab.close()
    }

    private static let createAgain = joining("network.create-again", "create_network of a network that is there changes nothing for its containers") { bench in
        let lab = try NetworkBench(bench), one = try Sandbox(), two = try Sandbox()
        try lab.create()
        try lab.join(one, 2)
        let links = try lab.links()
        for _ in 0..<2 { try lab.create() }
        try demandEqual(try lab.links(), links, "the host's interfaces after the same create_network again")
        try lab.join(two, 3)
        if lab.givesAddresses { try demand(try Traffic.passes(from: one, to: "10.77.1.3", server: two), "a container that was there before does not reach one that came after") }
        for number in [2, 3] { try lab.leave(number) }
        try lab.remove()
        lab.close()
    }

    private static let walk = joining("network.walk", "walk gives what is ours, once each: whatever made an interface on the host is among it; it stops when told") { bench in
        let lab = try NetworkBench(bench), sandbox = try Sandbox()
        let before = try lab.links().count
        try lab.create()
        let withNetwork = try lab.links().count
        try lab.join(sandbox, 2)
        let withEndpoint = try lab.links().count
        let found = try lab.walk(), network = "network \(NetworkBench.id("a", 1))", endpoint = "endpoint \(NetworkBench.id("b", 102))"
        try demandEqual(found, Array(Set(found)).sorted(), "walk, with nothing twice")
        try demand(found.allSatisfy { [network, endpoint].contains($0) }, "walk gives \(found)")
        try demand(withNetwork == before || found.contains(network), "create_network made an interface on the host and walk does not give the network: \(found)")
        try demand(withEndpoint == withNetwork || found.contains(endpoint), "join made an interface on the host and walk does not give the endpoint: \(found)")
        var count = 0
        bench.step("walk, stopped at the first")
        try lab.driver.walk { _ in
            count += 1
            return false
        }
        try demandEqual(count, min(found.count, 1), "objects given to a walk that was stopped at the first")
        try lab.leave(2)
        try lab.remove()
        lab.close()
    }

    private static let restart = joining("network.survives-a-restart", "containers stay connected when the instance is closed; the next one brings their network in line and serves others beside them")
    { bench in
        let lab = try NetworkBench(bench), one = try Sandbox(), two = try Sandbox()
        try lab.create()
        try lab.join(one, 2)
        try lab.reopen()
        if lab.givesAddresses { try demand(try one.links().contains("eth0"), "the container's interface went with the instance") }
        try lab.create()
        try lab.join(two, 3)
        if lab.givesAddresses { try demand(try Traffic.passes(from: one, to: "10.77.1.3", server: two), "a container of the instance before does not reach one of this") }
        for number in [2, 3] { try lab.leave(number) }
        try lab.remove()
        lab.close()
    }

    private static let failedJoin = joining("network.failed-join-leaves-nothing", "a join that can't be carried out fails and leaves no interface behind", addresses: true) { bench in
        let lab = try NetworkBench(bench), sandbox = try Sandbox()
        try lab.create()
        let links = try lab.links(), objects = try lab.walk()
        // The name is taken inside.
        try sandbox.run {
            var route = try RouteSocket()
            try route.perform([.createBridge("eth0", mac: nil, mtu: 0)])
        }
        let file = try Files.open("/dev/null", O_RDONLY)
        for (what, call) in [
            ("join to a network that is not there", { _ = try lab.driver.join(NetworkBench.endpoint(2, 9, true), netns: sandbox.descriptor) }),
            ("join with a descriptor that is no namespace", { _ = try lab.driver.join(NetworkBench.endpoint(2, 1, true), netns: file.raw) }),
            ("join with a name that is taken in the container", { _ = try lab.driver.join(NetworkBench.endpoint(2, 1, true), netns: sandbox.descriptor) }),
        ] as [(String, () throws -> Void)] {
            bench.step(what)
            var isRefused = false
            do { try call() } catch { isRefused = true }
            try demand(isRefused, "\(what) succeeded")
            try lab.demandLinks(links, "the host's interfaces after \(what)")
            try demandEqual(try lab.walk(), objects, "what walk gives after \(what)")
        }
        try demandEqual(try sandbox.links(), ["eth0", "lo"], "the container's interfaces")
        let other = try Sandbox()
        try lab.join(other, 2)
        try lab.leave(2)
        try lab.remove()
        lab.close()
    }

    private static let ports = joining("network.ports", "a published port is reached from outside while its container is there, and not after", addresses: true) { bench in
        try bench.skip(unless: .ports, "publish ports")
        let lab = try NetworkBench(bench), sandbox = try Sandbox()
        try lab.create()
        let port = PublishedPort(hostAddress: "", hostPort: 8080, containerPort: 80, transport: .tcp)
        try lab.join(sandbox, 2, ports: [port])
        bench.step("traffic to a published port")
        try demand(try Traffic.passes(from: lab.outside, to: NetworkBench.hostAddress, 8080, server: sandbox, listening: 80), "port 8080 of the host does not lead to port 80 of the container")
        try lab.leave(2)
        try demand(try !Traffic.passes(from: lab.outside, to: NetworkBench.hostAddress, 8080, server: sandbox, listening: 80, patience: 300), "the port leads to the container after leave")
        try lab.remove()
        lab.close()
    }

    private static let concurrent = joining("network.concurrent-calls", "eight containers that join and leave at once each get their interface, and nothing is left", seconds: 20) { bench in
        try bench.skip(unless: .concurrent, "serve concurrent calls")
        let lab = try NetworkBench(bench), addresses = lab.givesAddresses, driver = lab.driver
        try lab.create()
        let links = try lab.links()
        bench.step("calls of eight threads")
        try Parallel.run(8) { thread in
            for _ in 0..<4 {
                let sandbox = try Sandbox(), endpoint = NetworkBench.endpoint(10 + thread, 1, addresses)
                let told = try driver.join(endpoint, netns: sandbox.descriptor)
                try demandEqual(try sandbox.links(), (["lo"] + told.map(\.name)).sorted(), "interfaces in the container")
                try driver.walk { _ in true }
                try driver.leave(network: endpoint.network, endpoint: endpoint.id)
            }
        }
        try lab.demandLinks(links, "the host's interfaces")
        try lab.remove()
        lab.close()
    }
}
