public import DriverHost
public import DriverKit
public import EngineErrors
public import EngineModel
import Logging
public import StateStore

/// Every network: names, subnets, addresses and published ports. What the kernel has of it is the drivers' business.
public actor NetworkCatalog: NetworkService {
    public struct Defaults: Sendable {
        /// Address and prefix of the default bridge.
        public var bip: String
        /// Name of the default bridge's interface.
        public var bridgeName: String
        public var mark: String
        /// Bytes; 0: 1500.
        public var mtu: Int
        public init(bip: String = Self.standardAddress, bridgeName: String = "gantry0", mark: String, mtu: Int = 0) {
            self.bip = bip
            self.bridgeName = bridgeName
            self.mark = mark
            self.mtu = mtu
        }

        public static let standardAddress = "172.17.0.1/16"
    }

    /// What an endpoint holds.
    struct Lease {
        var network, container: String
        var address: IPv4Address?
        var ports: [PortKey]
        /// The driver has something of it on the host, and lists it.
        var isListed = false
    }

    let store: StateStore
    let registry: DriverRegistry
    let events: EventBus
    let defaults: Defaults
    let logger = Logger(label: "networks")
    var networks: [String: NetworkSnapshot] = [:]
    /// Out of the table, and perhaps back in it: their removal may fail.
    var departing: [String: NetworkSnapshot] = [:]
    var pools: [String: AddressPool] = [:]
    /// By endpoint id.
    var leases: [String: Lease] = [:]
    /// Whose endpoint each published port is.
    var published = PublishedPorts()
    /// Networks that their driver has set up since this process started.
    var ready: Set<String> = []
    /// Of these, the ones that their driver lists.
    var listed: Set<String> = []
    private let lanes = Lanes()
    private(set) var containers: @Sendable () async -> [ContainerSnapshot] = { [] }

    /// Loads the networks and makes sure that "bridge", "host" and "none" exist. Touches no driver.
    public init(store: StateStore, registry: DriverRegistry, events: EventBus, defaults: Defaults) async throws {
        self.store = store
        self.registry = registry
        self.events = events
        self.defaults = defaults
        let stored = try store.load(NetworkSnapshot.self)
        for network in try PredefinedNetworks.changed(stored, defaults, taken: HostRoutes.subnets()) {
            try await store.save(network)
            networks[network.id] = network
        }
        for network in stored where networks[network.id] == nil { networks[network.id] = network }
        for network in networks.values { pools[network.id] = Self.pool(network) }
    }

    /// `containers`: every container, running or not.
    public func setContainers(_ containers: @escaping @Sendable () async -> [ContainerSnapshot]) { self.containers = containers }

    // MARK: looking up

    /// Oldest first.
    public func listNetworks() async -> [NetworkSnapshot] {
        networks.values.sorted { ($0.created, $0.name) < ($1.created, $1.name) }
    }

    public func inspectNetwork(_ reference: String) async throws -> (network: NetworkSnapshot, containers: [ContainerSnapshot]) {
        let network = try find(reference)
        let connected = await containers().filter { container in
            [.running, .paused].contains(container.status.state) && container.networks.contains { $0.networkID == network.id }
        }
        return (network, connected)
    }

    /// The network that a container's mode means: "default" is the bridge; a name, an id or the beginning of an id.
    /// - Throws: `.notFound`, `.invalidArgument` when several ids begin so.
    public func resolve(_ mode: String) async throws(EngineError) -> NetworkSnapshot {
        try find(mode.isEmpty || mode == "default" ? PredefinedNetworks.bridge : mode)
    }

    /// What the driver of the network can do.
    public func capabilities(of network: NetworkSnapshot) async throws(EngineError) -> DriverCapabilities {
        try await registry.network(network.driver).capabilities
    }

    func find(_ reference: String) throws(EngineError) -> NetworkSnapshot {
        if let exact = networks[reference] ?? networks.values.first(where: { $0.name == reference }) { return exact }
        let matches = reference.isEmpty ? [] : networks.values.filter { $0.id.hasPrefix(reference) }
        guard matches.count < 2 else { throw NetworkFailure.ambiguous(reference, matches.count) }
        guard let match = matches.first else { throw NetworkFailure.missing(reference) }
        return match
    }

    // MARK: for the other files of this type

    /// The network as its driver wants it, once for each run of the daemon.
    func makeReady(_ network: NetworkSnapshot) async throws(EngineError) {
        if ready.contains(network.id) { return }
        try await step("set up", network) { () async throws(EngineError) in
            if networks[network.id] != nil { try await setUp(network) }
        }
    }

    /// In its lane.
    func setUp(_ network: NetworkSnapshot) async throws(EngineError) {
        if ready.contains(network.id) { return }
        try await registry.network(network.driver).createNetwork(NetworkSpecification(network))
        ready.insert(network.id)
    }

    /// What makes or removes a network runs one after the other.
    func step<R, Failure: Error>(_ name: String, _ network: NetworkSnapshot, _ body: () async throws(Failure) -> R) async throws(Failure) -> R {
        try await lanes.run(name, of: "network \(network.name)", body)
    }

    func announce(_ action: String, _ network: NetworkSnapshot, container: String? = nil) {
        var attributes = ["name": network.name, "type": network.driver]
        attributes["container"] = container
        events.publish(EngineEvent(.network, action, actor: network.id, attributes: attributes, time: Clock.now()))
    }

    static func pool(_ network: NetworkSnapshot) -> AddressPool? {
        guard let subnet = network.subnets.first, let range = IPv4Subnet(subnet.cidr) else { return nil }
        return AddressPool(range, gateway: IPv4Address(subnet.gateway))
    }
}

extension NetworkSpecification {
    init(_ network: NetworkSnapshot) {
        self.init(
            id: network.id, name: network.name, subnets: network.subnets.map { Subnet(cidr: $0.cidr, gateway: $0.gateway) },
            options: network.options, isInternal: network.isInternal)
    }
}
