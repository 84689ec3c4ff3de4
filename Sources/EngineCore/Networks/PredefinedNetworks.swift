import EngineErrors
import EngineModel

/// The three networks that exist always and can't be removed.
enum PredefinedNetworks {
    static let bridge = "bridge"
    /// Name → driver; the names are Docker's.
    static let drivers = [bridge: "bridge", "host": "host", "none": "none"]

    static func contains(_ name: String) -> Bool { drivers[name] != nil }

    /// Those that are missing or differ from what the configuration says.
    /// - Parameter taken: routes of the host.
    static func changed(_ stored: [NetworkSnapshot], _ defaults: NetworkCatalog.Defaults, taken: [IPv4Subnet]) throws(EngineError) -> [NetworkSnapshot] {
        var result: [NetworkSnapshot] = []
        for (name, driver) in drivers.sorted(by: { $0.key < $1.key }) {
            let old = stored.first { $0.name == name }
            var network = old ?? NetworkSnapshot(id: Identifier.random(), name: name, driver: driver, created: Clock.now())
            if name == bridge {
                network.options = options(defaults)
                network.subnets = [try subnet(defaults, old, stored, taken)]
            }
            if network != old { result.append(network) }
        }
        return result
    }

    private static func options(_ defaults: NetworkCatalog.Defaults) -> [String: String] {
        [
            "com.docker.network.bridge.default_bridge": "true", "com.docker.network.bridge.enable_icc": "true",
            "com.docker.network.bridge.enable_ip_masquerade": "true", "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",
            "com.docker.network.bridge.name": defaults.bridgeName,
            "com.docker.network.driver.mtu": "\(defaults.mtu == 0 ? 1500 : defaults.mtu)",
        ]
    }

    /// What the configuration says. Where it says nothing, the network keeps its subnet, and a new one avoids the
    /// routes of the host: another engine may have 172.17.0.0/16.
    private static func subnet(
        _ defaults: NetworkCatalog.Defaults, _ old: NetworkSnapshot?, _ stored: [NetworkSnapshot], _ taken: [IPv4Subnet]
    ) throws(EngineError) -> NetworkSnapshot.Subnet {
        guard let wanted = IPv4Subnet(defaults.bip), let gateway = IPv4Address(defaults.bip.prefix { $0 != "/" }) else {
            throw EngineError(.invalidArgument, "the default bridge's address \"\(defaults.bip)\" is no IPv4 address with a prefix; write it like \(NetworkCatalog.Defaults.standardAddress)")
        }
        if defaults.bip == NetworkCatalog.Defaults.standardAddress {
            if let kept = old?.subnets.first { return kept }
            let others = taken + stored.flatMap(\.subnets).compactMap { IPv4Subnet($0.cidr) }
            if others.contains(where: { $0.overlaps(wanted) }), let free = IPv4Subnet.free(avoiding: others) { return NetworkSnapshot.Subnet(free) }
        }
        return NetworkSnapshot.Subnet(cidr: wanted.description, gateway: gateway.description)
    }
}

extension NetworkSnapshot.Subnet {
    /// With the first address as the gateway.
    init(_ subnet: IPv4Subnet) {
        self.init(cidr: subnet.description, gateway: IPv4Address(value: subnet.first.value + 1).description)
    }
}
