import DriverKit
import LinuxNetlink
import LinuxSystem
import Synchronization

extension Bridge {
    /// A network that was set up here is listed while all of it is there, and an endpoint while its interface and its ports
    /// are, so that the engine makes them again when somebody took a part of it away. What nobody made here is listed if
    /// there is anything of it.
    func walk(_ body: (NetworkObject) -> Bool) throws {
        reaper.drain()
        let found: [NetworkObject] = try failing("list what there is of networks") { try kernel.withLock { try objects(&$0) } }
        for object in found where !body(object) { return }
    }

    private func objects(_ kernel: inout Kernel) throws -> [NetworkObject] {
        let links = try kernel.route.links().filter { mark.id(of: $0) != nil }
        let bridges = links.filter { $0.kind == "bridge" }, ends = links.filter { $0.kind != "bridge" }
        let addresses = try kernel.route.addresses()
        var networks = Set(bridges.compactMap(mark.id)).union(try networksInFilter(&kernel))
        for network in Array(kernel.networks.values) {
            // Not among ours: somebody made it for us to use.
            guard let link = try kernel.route.link(named: network.bridge) else {
                networks.remove(network.id)
                continue
            }
            let present = addresses.filter { $0.link == link.index }.map(\.address)
            let isAttached = ends.allSatisfy { mark.network(of: $0) != network.id || $0.master == link.index }
            let hasFilter = try isFilterWhole(for: network, &kernel)
            if !isAttached || !hasFilter || !network.gateways.allSatisfy(present.contains) { networks.remove(network.id) }
        }
        try notePublished(&kernel)
        let published = kernel.published ?? [:]
        kernel.seen.formUnion(ends.compactMap(mark.id))
        let whole = ends.compactMap { link in mark.id(of: link).flatMap { published[$0, default: []].count >= mark.ports(of: link) ? $0 : nil } }
        let endpoints = Set(published.keys).subtracting(kernel.seen).union(whole)
        return networks.sorted().map { NetworkObject(id: $0, kind: .network) } + endpoints.sorted().map { NetworkObject(id: $0, kind: .endpoint) }
    }
}
