import DriverKit
import Glibc
import LinuxNetlink
import LinuxSystem
import Synchronization

extension Bridge {
    /// The pair, with the container's end made inside its namespace and the host's end in the bridge.
    func connect(_ plan: EndpointPlan, _ network: BridgeNetwork, _ netns: Int32, _ kernel: inout Kernel) throws {
        var port = Self.port(network)
        port.alias = mark.alias(plan.id, in: network.id, ports: plan.published.count)
        let pair = VethPair(
            name: plan.hostName, master: network.index, peerName: plan.name, peerMAC: plan.mac, peerNamespace: netns, mtu: plan.mtu)
        var quiet = LinkChange()
        quiet.withoutIPv6 = true
        let link = LinkReference.name(plan.hostName)
        let requests: [RouteRequest] =
            [.createVeth(pair), .change(link, port)] + (hasIPv6 ? [.change(link, quiet)] : []) + [.change(link, Self.up)]
        do { try attempt(requests, plan, &kernel) } catch let error as Errno where error.code == EEXIST {
            // The endpoint may have left a moment ago.
            reaper.drain()
            try attempt(requests, plan, &kernel)
        }
    }

    private static func port(_ network: BridgeNetwork) -> LinkChange {
        var port = LinkChange()
        // With bridge-nf-call-iptables a container that uses its own published port sends frames back to itself.
        port.hairpin = true
        port.isolated = !network.connects
        return port
    }

    /// The endpoints of a bridge that was deleted, into the one that took its place.
    func reattach(to network: BridgeNetwork, _ kernel: inout Kernel) throws {
        for link in try kernel.route.links() where mark.network(of: link) == network.id && link.master != network.index {
            var joining = LinkChange()
            joining.master = network.index
            let place = LinkReference.index(link.index)
            try kernel.route.perform([.change(place, joining), .change(place, Self.port(network)), .change(place, Self.up)], ignoring: [ENODEV])
        }
    }

    private func attempt(_ requests: [RouteRequest], _ plan: EndpointPlan, _ kernel: inout Kernel) throws {
        // EAFNOSUPPORT: the interface has no IPv6.
        do { try kernel.route.perform(requests, ignoring: [EAFNOSUPPORT]) } catch {
            if error.code == EEXIST { throw Errno(EEXIST, "add the interface \(plan.name) to it (\(plan.hostName) on the host)") }
            try? kernel.route.perform([.delete(.name(plan.hostName))])
            throw error
        }
    }

    /// Inside the container: lo, address, default route.
    func configure(_ plan: EndpointPlan, _ netns: Int32) throws {
        try NetworkNamespace.enter(netns) {
            var route = try RouteSocket()
            guard let link = try route.link(named: plan.name) else { throw DriverError(ENODEV, "the interface \(plan.name) vanished") }
            var requests: [RouteRequest] = [.change(.index(NetworkNamespace.loopbackIndex), Self.up)]
            requests += switchIPv6Off(link.index)
            requests += plan.addresses.map { .addAddress($0, link: link.index) }
            requests.append(.change(.index(link.index), Self.up))
            if let gateway = plan.gateway { requests.append(.addDefaultRoute(gateway, link: link.index)) }
            try route.perform(requests, ignoring: [EAFNOSUPPORT])
        }
    }

    /// Returns when frames pass between the host and the container. The kernel notices in a thread of its own that a
    /// link has come up; a first packet before that is lost, and a connection is a second late. Asking for the link
    /// makes it notice at once (Linux 6.8; older ones take some ms).
    func awaitFrames(_ plan: EndpointPlan, _ network: BridgeNetwork) throws {
        for _ in 0..<Self.patience {
            let isReady = try kernel.withLock { kernel in
                guard let port = try kernel.route.link(named: plan.hostName), let bridge = try kernel.route.link(named: network.bridge) else { return true }
                return port.isForwarding && port.isRunning && bridge.isRunning
            }
            if isReady { return }
            usleep(500)
        }
        Driver.log(.warning, "the interface \(plan.hostName) has not come up in time; the container's first packets may be lost")
    }

    /// Half milliseconds.
    private static var patience: Int { 400 }
}
