import DriverKit
import Glibc
import LinuxNetlink
import LinuxSystem
import Synchronization

/// Containers on an interface of the host, each with a hardware address of its own.
///
/// A container's interface is made inside its namespace and goes with `leave`, or with the namespace: the host sees none of it. What the host has
/// of a network is the parent, if it was made for the network; an alias says so.
final class Macvlan: NetworkDriver {
    private let prefix: String
    private let state: Mutex<State>

    private struct State: ~Copyable {
        var route: RouteSocket
        /// By id; those that `createNetwork` was called for.
        var networks: [String: MacvlanNetwork] = [:]
        /// By endpoint; those that this instance made.
        var joined: [String: Joined] = [:]
    }

    /// Where a container's interface is: nothing on the host leads to it.
    private final class Joined: Sendable {
        let namespace: OwnedFD
        let name: String

        init(_ netns: Int32, _ name: String) throws(Errno) {
            namespace = OwnedFD(adopting: try Errno.check("hold the network namespace", fcntl(netns, F_DUPFD_CLOEXEC, 0)))
            self.name = name
        }
    }

    init(_ context: OpenContext) throws {
        prefix = "gantry:\(context.mark):"
        state = Mutex(State(route: try RouteSocket()))
    }

    func createNetwork(_ network: NetworkSpecification) throws {
        let wanted = try MacvlanNetwork(network)
        try failing("set up the network \(network.name)") {
            try state.withLock { state in
                try checkParent(wanted, state.networks)
                if try state.route.link(named: wanted.parent) == nil { try makeParent(wanted, &state.route) }
                try state.route.perform([.change(.name(wanted.parent), Self.up)])
                state.networks[wanted.id] = wanted
            }
        }
    }

    /// With `passthru` the parent belongs to one network, and there to one container.
    private func checkParent(_ wanted: MacvlanNetwork, _ networks: [String: MacvlanNetwork]) throws {
        for other in networks.values where other.id != wanted.id && other.parent == wanted.parent && (wanted.mode == .passthru || other.mode == .passthru) {
            throw DriverError(EBUSY, "the interface \(wanted.parent) is the parent of the network \(other.name) already, and passthru leaves no room for another")
        }
    }

    private func makeParent(_ network: MacvlanNetwork, _ route: inout RouteSocket) throws {
        // With its mark in the same system call: an interface without one has no owner.
        var marked = LinkChange()
        marked.alias = prefix + network.id
        if network.isDummy { return try makeDummy(network, marked, &route) }
        guard let vlan = network.vlan, let link = try route.link(named: vlan.link) else {
            throw DriverError(ENODEV, "the parent \(network.parent) of the network \(network.name) is no interface of this host; `ip link` lists those that are")
        }
        try route.perform([.createVLAN(network.parent, parent: link.index, id: vlan.id), .change(.name(network.parent), marked)])
    }

    /// Where the kernel has no dummy interfaces a pair does as well, both ends of it on the host.
    private func makeDummy(_ network: MacvlanNetwork, _ marked: LinkChange, _ route: inout RouteSocket) throws {
        let mark = RouteRequest.change(.name(network.parent), marked)
        do { try route.perform([.createDummy(network.parent), mark]) } catch {
            guard error.code == EOPNOTSUPP else { throw error }
            let other = "dn-\(network.id.prefix(12))"
            try route.perform([.createVeth(VethPair(name: network.parent, peerName: other)), .change(.name(other), Self.up), .change(.name(other), marked), mark])
        }
    }

    func removeNetwork(_ id: String) throws {
        try failing("remove the network \(id)") {
            try state.withLock { state in
                state.networks[id] = nil
                for link in try state.route.links() where link.alias == prefix + id {
                    try state.route.perform([.delete(.index(link.index))], ignoring: [ENODEV])
                }
            }
        }
    }

    func join(_ endpoint: EndpointSpecification, netns: Int32) throws -> [NetworkInterface] {
        let addresses = try endpoint.addresses.map { text throws in
            guard let address = InterfaceAddress(text) else { throw DriverError(EINVAL, "\"\(text)\" is no IPv4 address for the container \(endpoint.container)") }
            return address
        }
        guard let address = addresses.first else { throw DriverError(EINVAL, "the endpoint \(endpoint.id) of the container \(endpoint.container) has no address") }
        let mac = endpoint.mac.isEmpty ? HardwareAddress(for: address) : HardwareAddress(endpoint.mac)
        guard let mac else {
            throw DriverError(EINVAL, "\"\(endpoint.mac)\" is no MAC address for the container \(endpoint.container); write it like 02:42:ac:11:00:02")
        }
        return try failing("connect the container \(endpoint.container)") {
            var network = try attempt(endpoint, mac, addresses, netns)
            // The interface that had the hardware address before may be on its way out with its container's namespace,
            // which the kernel removes when it gets to it.
            for _ in 0..<Self.patience where network == nil {
                usleep(10_000)
                network = try attempt(endpoint, mac, addresses, netns)
            }
            if network != nil {
                let joined = try Joined(netns, endpoint.interfaceName)
                state.withLock { $0.joined[endpoint.id] = joined }
            }
            guard let network else { throw DriverError(EADDRINUSE, "another interface on the parent of the network has the hardware address \(mac)") }
            return [NetworkInterface(name: endpoint.interfaceName, mac: network.mode == .passthru ? "" : mac.description)]
        }
    }

    /// Times 10 ms.
    private static let patience = 300

    /// nil: the hardware address is taken.
    private func attempt(
        _ endpoint: EndpointSpecification, _ mac: HardwareAddress, _ addresses: [InterfaceAddress], _ netns: Int32
    ) throws -> MacvlanNetwork? {
        let network = try make(endpoint, mac, netns)
        do {
            try configure(endpoint, addresses, network, netns)
            return network
        } catch {
            try? NetworkNamespace.enter(netns) {
                var route = try RouteSocket()
                try route.perform([.delete(.name(endpoint.interfaceName))])
            }
            if (error as? Errno)?.code == EADDRINUSE { return nil }
            throw error
        }
    }

    private func make(_ endpoint: EndpointSpecification, _ mac: HardwareAddress, _ netns: Int32) throws -> MacvlanNetwork {
        try state.withLock { state in
            guard let network = state.networks[endpoint.network] else { throw DriverError(ENOENT, "the network \(endpoint.network) is not set up on this host") }
            guard let parent = try state.route.link(named: network.parent) else {
                throw DriverError(ENODEV, "the parent \(network.parent) of the network \(network.name) is gone; bring it back, or make the network anew")
            }
            let link = MacvlanLink(
                name: endpoint.interfaceName, parent: parent.index, mode: network.mode, mac: network.mode == .passthru ? nil : mac, mtu: network.mtu, namespace: netns)
            try state.route.perform([.createMacvlan(link)])
            return network
        }
    }

    /// Inside the container: lo, addresses, default route.
    private func configure(_ endpoint: EndpointSpecification, _ addresses: [InterfaceAddress], _ network: MacvlanNetwork, _ netns: Int32) throws {
        try NetworkNamespace.enter(netns) {
            var route = try RouteSocket()
            guard let link = try route.link(named: endpoint.interfaceName) else { throw DriverError(ENODEV, "the interface \(endpoint.interfaceName) vanished") }
            var requests: [RouteRequest] = [.change(.index(NetworkNamespace.loopbackIndex), Self.up)]
            requests += addresses.map { .addAddress($0, link: link.index) }
            requests.append(.change(.index(link.index), Self.up))
            if !network.isDummy, let text = endpoint.gateways.first, let gateway = InterfaceAddress.parse(text) {
                requests.append(.addDefaultRoute(gateway, link: link.index))
            }
            try route.perform(requests)
        }
    }

    /// The interface of an endpoint that an earlier instance made ends with the container's namespace.
    func leave(network: String, endpoint: String) throws {
        guard let joined = state.withLock({ $0.joined.removeValue(forKey: endpoint) }) else { return }
        try failing("disconnect the endpoint \(endpoint)") {
            try NetworkNamespace.enter(joined.namespace.raw) {
                var route = try RouteSocket()
                try route.perform([.delete(.name(joined.name))], ignoring: [ENODEV])
            }
        }
    }

    func walk(_ body: (NetworkObject) -> Bool) throws {
        let links = try failing("list the interfaces") { try state.withLock { try $0.route.links() } }
        let parents = Set(links.filter { $0.alias.hasPrefix(prefix) && Self.kinds.contains($0.kind) }.map { String($0.alias.dropFirst(prefix.count)) })
        for id in parents.sorted() {
            // The ends of another driver's pairs carry the ids of endpoints.
            guard links.contains(where: { $0.alias == prefix + id && ($0.name == "dm-\(id.prefix(12))" || $0.kind == "vlan") }) else { continue }
            if !body(NetworkObject(id: id, kind: .network)) { return }
        }
    }

    private static let kinds: Set = ["dummy", "vlan", "veth"]

    private static var up: LinkChange {
        var change = LinkChange()
        change.isUp = true
        return change
    }

    /// Failed system calls with their errno and with what they were for.
    private func failing<R>(_ action: String, _ body: () throws -> R) throws -> R {
        do { return try body() } catch let error as Errno { throw DriverError(error.code, "can't \(action): \(error)") }
    }
}
