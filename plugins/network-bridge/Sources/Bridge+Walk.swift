import DriverKit
import LinuxNetlink
import LinuxSystem
import Synchronization

extension Bridge {
    /// Whatever there is anything of. An endpoint is whole while its interface and all its ports are there; a network that
    /// was set up here, while its bridge, the bridge's addresses and ends, and its rules are.
    func walk(_ body: (NetworkObject) -> Bool) throws {
        reaper.drain()
        let found: [NetworkObject] = try failing("list what there is of networks") { try kernel.withLock { try objects(&$0) } }
        for object in found where !body(object) { return }
    }

    private func objects(_ kernel: inout Kernel) throws -> [NetworkObject] {
        let links = try kernel.route.links().filter { mark.id(of: $0) != nil }
        let bridges = links.filter { $0.kind == "bridge" }, ends = links.filter { $0.kind != "bridge" }
        let addresses = try kernel.route.addresses()
        let networks = Set(bridges.compactMap(mark.id)).union(try networksInFilter(&kernel))
        var broken: Set<String> = []
        for network in Array(kernel.networks.values) {
            // Not among ours: somebody made it for us to use.
            guard let link = try kernel.route.link(named: network.bridge) else {
                broken.insert(network.id)
                continue
            }
            let present = addresses.filter { $0.link == link.index }.map(\.address)
            let isAttached = ends.allSatisfy { mark.network(of: $0) != network.id || $0.master == link.index }
            let hasFilter = try isFilterWhole(for: network, &kernel)
            if !isAttached || !hasFilter || !network.gateways.allSatisfy(present.contains) { broken.insert(network.id) }
        }
        try notePublished(&kernel)
        let published = kernel.published ?? [:]
        let whole = Set(ends.compactMap { link in mark.id(of: link).flatMap { published[$0, default: []].count >= mark.ports(of: link) ? $0 : nil } })
        let endpoints = Set(published.keys).union(ends.compactMap(mark.id))
        return networks.sorted().map { NetworkObject(id: $0, kind: .network, isWhole: !broken.contains($0)) }
            + endpoints.sorted().map { NetworkObject(id: $0, kind: .endpoint, isWhole: whole.contains($0)) }
    }
}
