import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import LinuxSystem
import StateStore

extension NetworkCatalog {
    public func createNetwork(_ request: NetworkRequest) async throws -> (id: String, warnings: [String]) {
        try Self.checkName(request.name)
        let driver = request.driver.isEmpty ? registry.defaultName(.network) : request.driver
        let instance = try await registry.network(driver)
        if instance.capabilities.contains(.singleton) { throw NetworkFailure.singleton(driver) }
        // From the checks to the entry in the table nothing waits.
        if present.contains(where: { $0.name == request.name }) { throw NetworkFailure.nameTaken(request.name) }
        let subnets = instance.capabilities.contains(.addresses) ? [try subnet(request)] : []
        let network = NetworkSnapshot(
            id: Identifier.random(), name: request.name, driver: driver, subnets: subnets, options: request.options,
            labels: request.labels, isInternal: request.isInternal, created: Clock.now())
        networks[network.id] = network
        pools[network.id] = Self.pool(network)
        try await step("create", network) { try await make(network, instance) }
        return (network.id, [])
    }

    private func make(_ network: NetworkSnapshot, _ instance: NetworkInstance) async throws {
        do {
            try await setUp(network)
            FailPoint.after("network.create.driver")
            try await store.save(network)
        } catch {
            forget(network.id)
            await Leftovers.remove { try await instance.removeNetwork(network.id) }
            throw error
        }
        if await objects(network.driver)?.contains(NetworkObject(id: network.id, kind: .network)) == true { listed.insert(network.id) }
        announce("create", network)
    }

    /// Those whose names and subnets are not free.
    private var present: [NetworkSnapshot] { Array(networks.values) + departing.values }

    func forget(_ id: String) {
        networks[id] = nil
        pools[id] = nil
        ready.remove(id)
        listed.remove(id)
    }

    private static func checkName(_ name: String) throws(EngineError) {
        let rest = name.utf8.dropFirst()
        let isAllowed = name.utf8.first.map(isAlphanumeric) == true && rest.allSatisfy { isAlphanumeric($0) || [0x2d, 0x2e, 0x5f].contains($0) }
        guard isAllowed else {
            throw EngineError(.invalidArgument, "invalid network name \"\(name)\": it begins with a letter or a digit and has letters, digits, \"_\", \".\" and \"-\" only")
        }
        if name == "default" || name == "container" { throw EngineError(.invalidArgument, "\"\(name)\" can't be a network's name: it has a meaning of its own; choose another") }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }

    // MARK: subnets

    private func subnet(_ request: NetworkRequest) throws(EngineError) -> NetworkSnapshot.Subnet {
        guard request.subnets.count <= 1 else {
            throw EngineError(.invalidArgument, "the network \(request.name) has \(request.subnets.count) subnets; a network takes one IPv4 subnet")
        }
        guard let wanted = request.subnets.first, !wanted.cidr.isEmpty else { return try freeSubnet(request) }
        let range = try Self.checkedSubnet(wanted.cidr)
        for network in present {
            for other in network.subnets where IPv4Subnet(other.cidr)?.overlaps(range) == true {
                throw NetworkFailure.overlap(range, "\(other.cidr) of the network \(network.name)")
            }
        }
        if wanted.gateway.isEmpty { return NetworkSnapshot.Subnet(range) }
        guard let gateway = IPv4Address(wanted.gateway), AddressPool(range, gateway: nil).canLease(gateway) else {
            throw EngineError(.invalidArgument, "no matching subnet for gateway \(wanted.gateway): it is no address that a machine of \(range) can have")
        }
        return NetworkSnapshot.Subnet(cidr: range.description, gateway: gateway.description)
    }

    private func freeSubnet(_ request: NetworkRequest) throws(EngineError) -> NetworkSnapshot.Subnet {
        let own = present.flatMap(\.subnets).compactMap { IPv4Subnet($0.cidr) }
        guard let free = IPv4Subnet.free(avoiding: own + HostRoutes.subnets()) else {
            throw EngineError(
                .resourceExhausted,
                "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network \(request.name); remove unused networks or name a subnet")
        }
        return NetworkSnapshot.Subnet(free)
    }

    private static func checkedSubnet(_ cidr: String) throws(EngineError) -> IPv4Subnet {
        guard let subnet = IPv4Subnet(cidr) else {
            let reason = cidr.contains(":") ? "IPv6 is not supported" : "write it like 172.20.0.0/16"
            throw EngineError(.invalidArgument, "invalid subnet \(cidr): \(reason)")
        }
        guard cidr == subnet.description else { throw EngineError(.invalidArgument, "invalid subnet \(cidr): it should be \(subnet)") }
        guard (1...30).contains(subnet.prefixLength) else {
            throw EngineError(.invalidArgument, "invalid subnet \(cidr): its prefix has to have 1 to 30 bits, to leave room for a gateway and containers")
        }
        return subnet
    }
}
