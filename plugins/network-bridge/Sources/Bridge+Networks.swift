import DriverKit
import Glibc
import LinuxNetlink
import LinuxSystem

extension Bridge {
    /// A network that is set up. - Throws: ENOENT.
    func network(_ id: String, _ kernel: inout Kernel) throws -> BridgeNetwork {
        if let known = kernel.networks[id], known.index > 0 { return known }
        throw DriverError(ENOENT, "the network \(id) is not set up on this host")
    }

    func create(_ wanted: BridgeNetwork, _ kernel: inout Kernel) throws {
        var network = wanted
        if let link = try kernel.route.link(named: network.bridge) {
            network.index = link.index
            try bringInLine(network, link, &kernel)
        } else {
            network.index = try makeBridge(network, &kernel)
        }
        kernel.networks[network.id] = network
        try reattach(to: network, &kernel)
        try FailPoint.before("bridge.filter")
        do { try bringFilterInLine(network, &kernel) } catch {
            Driver.log(.error, "the network \(network.id) has a bridge and no rules: \(error)")
            throw error
        }
    }

    private func makeBridge(_ network: BridgeNetwork, _ kernel: inout Kernel) throws -> Int32 {
        let mac = network.gateways.first.map { HardwareAddress(for: $0) }
        // With its mark at once: a bridge without one has no owner.
        do {
            try kernel.route.perform([.createBridge(network.bridge, mac: mac, mtu: network.mtu), .change(.name(network.bridge), bridgeChange(network))])
            guard let link = try kernel.route.link(named: network.bridge) else { throw DriverError(ENODEV, "the bridge \(network.bridge) vanished") }
            try FailPoint.before("bridge.addresses")
            try kernel.route.perform(switchIPv6Off(link.index))
            try kernel.route.perform(network.gateways.map { .addAddress($0, link: link.index) } + [.change(.index(link.index), Self.up)])
            return link.index
        } catch {
            if (error as? Errno)?.code != EEXIST { try? kernel.route.perform([.delete(.name(network.bridge))]) }
            throw error
        }
    }

    /// A bridge that is there: ours from before, or one that somebody made for us to use.
    private func bringInLine(_ network: BridgeNetwork, _ link: Link, _ kernel: inout Kernel) throws {
        guard link.kind == "bridge" else {
            throw DriverError(EEXIST, "the interface \(network.bridge) exists and is not a bridge; choose another name with the option \(BridgeOption.name)")
        }
        if let owner = mark.id(of: link), owner != network.id {
            guard network.isDefault else { throw DriverError(EEXIST, "the bridge \(network.bridge) belongs to the network \(owner)") }
            // The default network's record was lost, and with it its id.
            try removeElements(of: owner, &kernel)
        }
        let ours = mark.id(of: link) != nil
        let present = try kernel.route.addresses().filter { $0.link == link.index }.map(\.address)
        let missing = network.gateways.filter { !present.contains($0) }
        let surplus = ours ? present.filter { !network.gateways.contains($0) } : []
        var change = bridgeChange(network)
        if !ours { change.alias = nil }
        let addresses: [RouteRequest] = surplus.map { .removeAddress($0, link: link.index) } + missing.map { .addAddress($0, link: link.index) }
        try kernel.route.perform([.change(.index(link.index), change)] + addresses + [.change(.index(link.index), Self.up)])
    }

    private func bridgeChange(_ network: BridgeNetwork) -> LinkChange {
        var change = LinkChange()
        change.alias = mark.alias(network.id)
        change.routesLoopback = true
        if network.mtu > 0 { change.mtu = network.mtu }
        return change
    }

    static var up: LinkChange {
        var change = LinkChange()
        change.isUp = true
        return change
    }

    func switchIPv6Off(_ index: Int32) -> [RouteRequest] {
        guard hasIPv6 else { return [] }
        var change = LinkChange()
        change.withoutIPv6 = true
        return [.change(.index(index), change)]
    }

    func remove(_ id: String, _ kernel: inout Kernel) throws {
        try removeFromFilter(id, &kernel)
        kernel.networks[id] = nil
        try FailPoint.before("bridge.delete")
        for link in try kernel.route.links() where link.kind == "bridge" && mark.id(of: link) == id {
            try kernel.route.perform([.delete(.index(link.index))], ignoring: [ENODEV])
        }
    }
}
