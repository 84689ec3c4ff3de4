import DriverHost
import DriverKit
public import EngineErrors
public import EngineModel
import Glibc
import LinuxSystem
import Logging

extension NetworkCatalog {
    /// Leases an address, chooses and binds host ports. Give the result to `join` or to `release`.
    public func prepare(
        _ network: NetworkSnapshot, container: ContainerSnapshot, request: NetworkingRequest.Endpoint?
    ) async throws(EngineError) -> PreparedEndpoint {
        let capabilities = try await self.capabilities(of: network)
        try await makeReady(network)
        // From here to the lease's entry in the table nothing waits.
        guard networks[network.id] != nil else { throw NetworkFailure.missing(network.name) }
        var endpoint = EndpointSnapshot(networkID: network.id, networkName: network.name, endpointID: Identifier.random())
        endpoint.interfaceName = Self.interfaceName(container, network)
        let wanted = capabilities.contains(.ports) && !network.isInternal ? container.host.portBindings : []
        try Self.checkAddresses(wanted, container)
        let address = capabilities.contains(.addresses) ? try await leaseAddress(network, request) : nil
        if let address { try fill(&endpoint, address, network, container, request) }
        var ports = PortBinder(published, defaultAddress: network.options["com.docker.network.bridge.host_binding_ipv4"] ?? PortKey.everyAddress)
        do { try ports.take(wanted) } catch {
            if let address { pools[network.id]?.release(address) }
            throw await describe(error, endpoint.endpointID, container)
        }
        endpoint.ports = ports.bindings
        hold(Lease(network: network.id, container: container.id, address: address, ports: ports.keys), endpoint.endpointID)
        return PreparedEndpoint(
            snapshot: endpoint, specification: EndpointSpecification(endpoint, container: container.id, isInternal: network.isInternal),
            containerID: container.id, sockets: ports.sockets)
    }

    /// Puts the container's network namespace into the network. A failure releases the endpoint.
    public func join(_ endpoint: PreparedEndpoint, netns: Int32) async throws(EngineError) -> EndpointSnapshot {
        var snapshot = endpoint.snapshot
        do throws(EngineError) {
            guard let network = networks[snapshot.networkID] else { throw NetworkFailure.missing(snapshot.networkName) }
            let interfaces = try await join(network, endpoint.specification, netns: netns)
            if let interface = interfaces.first {
                snapshot.interfaceName = interface.name
                if !interface.mac.isEmpty { snapshot.mac = interface.mac }
                snapshot.isListed = interface.hostName.isEmpty ? nil : true
                leases[snapshot.endpointID]?.isListed = !interface.hostName.isEmpty
            }
            announce("connect", network, container: endpoint.containerID)
            return snapshot
        } catch {
            // The host's side may have been taken away; the next container's `prepare` sets it up again.
            ready.remove(snapshot.networkID)
            await release(endpoint)
            throw error
        }
    }

    /// An isolated driver that crashed, and was started again, no longer knows its networks: it is told, once.
    private func join(_ network: NetworkSnapshot, _ endpoint: EndpointSpecification, netns: Int32) async throws(EngineError) -> [NetworkInterface] {
        let driver = try await registry.network(network.driver)
        do { return try await driver.join(endpoint, netns: netns) } catch  where error.code == .notFound {
            ready.remove(network.id)
            try await makeReady(network)
            return try await driver.join(endpoint, netns: netns)
        }
    }

    /// Takes a container out of a network and frees what it held. Idempotent; what fails is written to the log.
    public func leave(_ endpoint: EndpointSnapshot, container: String) async {
        guard !endpoint.endpointID.isEmpty, let network = networks[endpoint.networkID] else { return drop(endpoint.endpointID) }
        do throws(EngineError) {
            try await registry.network(network.driver).leave(network: network.id, endpoint: endpoint.endpointID)
        } catch {
            logger.warning("a container did not leave its network", metadata: ["container": "\(container)", "network": "\(network.name)", "error": "\(error)"])
            Leftovers.shared.note()
        }
        let wasConnected = leases[endpoint.endpointID] != nil
        drop(endpoint.endpointID)
        if wasConnected { announce("disconnect", network, container: container) }
    }

    /// Frees what `prepare` took, when `join` never happened.
    public func release(_ endpoint: PreparedEndpoint) async {
        endpoint.closeSockets()
        drop(endpoint.snapshot.endpointID)
    }

    /// At boot: the address and ports of a container that still runs. Its shim holds the sockets.
    public func adopt(_ endpoint: EndpointSnapshot, container: String) async {
        // One without a record may come back: the record was set aside.
        if networks[endpoint.networkID] == nil {
            logger.warning("a running container is in a network that has no record", metadata: ["container": "\(container)", "network": "\(endpoint.networkName)"])
        }
        let address = IPv4Address(endpoint.address)
        if let address, pools[endpoint.networkID]?.reserve(address) == false {
            logger.warning("a running container's address is not free", metadata: ["container": "\(container)", "address": "\(address)"])
        }
        let ports = endpoint.ports.map { binding in
            PortKey(address: binding.hostAddress.isEmpty ? PortKey.everyAddress : binding.hostAddress, port: ContainerPort(binding.hostPort, binding.container.transport))
        }
        hold(Lease(network: endpoint.networkID, container: container, address: address, ports: ports, isListed: endpoint.isListed == true), endpoint.endpointID)
    }

    // MARK: leases

    private func hold(_ lease: Lease, _ endpoint: String) {
        leases[endpoint] = lease
        for port in lease.ports { published.add(port, endpoint: endpoint) }
    }

    /// Missing is fine.
    func drop(_ endpoint: String) {
        guard let lease = leases.removeValue(forKey: endpoint) else { return }
        if let address = lease.address { pools[lease.network]?.release(address) }
        for port in lease.ports { published.remove(port, endpoint: endpoint) }
    }

    private func leaseAddress(_ network: NetworkSnapshot, _ request: NetworkingRequest.Endpoint?) async throws(EngineError) -> IPv4Address {
        guard let wanted = request?.address, !wanted.isEmpty else {
            if let address = pools[network.id]?.lease() { return address }
            throw EngineError(.resourceExhausted, "no available IPv4 addresses on this network's address pools: \(network.name) (\(network.id))")
        }
        if PredefinedNetworks.contains(network.name) {
            throw EngineError(.invalidArgument, "user specified IP address is supported on user defined networks only")
        }
        guard let address = IPv4Address(wanted), let pool = pools[network.id], pool.canLease(address) else {
            let subnets = network.subnets.map(\.cidr).joined(separator: ", ")
            throw EngineError(.invalidArgument, "invalid endpoint settings: the address \(wanted) is none that a container of the network \(network.name) (\(subnets)) can have")
        }
        if pools[network.id]?.reserve(address) == true { return address }
        let owner = leases.values.first { $0.network == network.id && $0.address == address }
        throw NetworkFailure.addressTaken(wanted, network.name, await names(of: owner.map { [$0.container] } ?? []).first)
    }

    private func fill(
        _ endpoint: inout EndpointSnapshot, _ address: IPv4Address, _ network: NetworkSnapshot, _ container: ContainerSnapshot,
        _ request: NetworkingRequest.Endpoint?
    ) throws(EngineError) {
        endpoint.address = address.description
        endpoint.prefixLength = pools[network.id]?.subnet.prefixLength ?? 0
        endpoint.gateway = network.isInternal ? "" : network.subnets.first?.gateway ?? ""
        let wanted = request.map(\.mac).flatMap { $0.isEmpty ? nil : $0 } ?? container.configuration.macAddress ?? ""
        endpoint.mac = wanted.isEmpty ? Self.mac(for: address) : wanted
    }

    /// Docker's rule: 02:42 and the four bytes of the address.
    private static func mac(for address: IPv4Address) -> String {
        ([0x02, 0x42] + [24, 16, 8, 0].map { address.value >> UInt32($0) & 255 })
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }

    /// The first of eth0, eth1, … that the container's other networks leave.
    private static func interfaceName(_ container: ContainerSnapshot, _ network: NetworkSnapshot) -> String {
        let taken = container.networks.filter { !$0.address.isEmpty && $0.networkID != network.id }.map(\.interfaceName)
        var number = 0
        while taken.contains("eth\(number)") { number += 1 }
        return "eth\(number)"
    }

    // MARK: ports

    private static func checkAddresses(_ bindings: [PortBinding], _ container: ContainerSnapshot) throws(EngineError) {
        for binding in bindings where !binding.hostAddress.isEmpty && IPv4Address(binding.hostAddress) == nil {
            throw EngineError(
                .invalidArgument, "the port \(binding.container) of container \"\(container.name)\" can't be published on \(binding.hostAddress): it is no IPv4 address, and IPv6 is not supported")
        }
    }

    private func describe(_ refusal: PortBinder.Refusal, _ endpoint: String, _ container: ContainerSnapshot) async -> EngineError {
        let place = "\(refusal.key.address):\(refusal.key.port.number)"
        let beginning = "driver failed programming external connectivity on endpoint \(container.name) (\(endpoint)): "
        guard refusal.code == EADDRINUSE else {
            let code: EngineError.Code = refusal.code == EADDRNOTAVAIL ? .invalidArgument : .driverFailed
            return EngineError(code, beginning + "failed to bind host port for \(place): \(Errno(refusal.code).reason.lowercased())", errno: refusal.code)
        }
        var text = beginning + "Bind for \(place) failed: port is already allocated"
        if let owner = refusal.endpoint.flatMap({ leases[$0] }) {
            text += ": it is published by container \"\(await names(of: [owner.container])[0])\""
        } else if let process = try? await BlockingPool.shared.run({ PortOwner.describe(refusal.key.port) }) {
            text += ": it is used by \(process)"
        }
        return EngineError(.conflict, text, errno: EADDRINUSE)
    }
}

extension EndpointSpecification {
    init(_ endpoint: EndpointSnapshot, container: String, isInternal: Bool) {
        let ports = endpoint.ports.map { binding in
            PublishedPort(
                hostAddress: binding.hostAddress, hostPort: binding.hostPort, containerPort: binding.container.number,
                transport: PublishedPort.Transport(binding.container.transport))
        }
        self.init(
            id: endpoint.endpointID, network: endpoint.networkID, container: container, interfaceName: endpoint.interfaceName,
            mac: endpoint.mac, addresses: endpoint.address.isEmpty ? [] : ["\(endpoint.address)/\(endpoint.prefixLength)"],
            // One default route: that of the first interface.
            gateways: endpoint.gateway.isEmpty || endpoint.interfaceName != "eth0" ? [] : [endpoint.gateway], ports: ports)
    }
}

extension PublishedPort.Transport {
    init(_ transport: ContainerPort.Transport) {
        switch transport {
        case .tcp: self = .tcp
        case .udp: self = .udp
        case .sctp: self = .sctp
        }
    }
}
