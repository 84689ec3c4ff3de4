import EngineModel

/// A port of the host.
struct PortKey: Hashable, Sendable {
    /// "0.0.0.0": every address.
    var address: String
    var port: ContainerPort

    static let everyAddress = "0.0.0.0"
    func overlaps(_ other: PortKey) -> Bool {
        port == other.port && (address == other.address || address == Self.everyAddress || other.address == Self.everyAddress)
    }
}

/// The published ports of the daemon's containers, and whose they are.
struct PublishedPorts: Sendable {
    private var owners: [ContainerPort: [(key: PortKey, endpoint: String)]] = [:]

    /// The endpoint that has the port, or one that overlaps with it.
    func owner(of key: PortKey) -> String? { owners[key.port]?.first { $0.key.overlaps(key) }?.endpoint }

    mutating func add(_ key: PortKey, endpoint: String) { owners[key.port, default: []].append((key, endpoint)) }

    mutating func remove(_ key: PortKey, endpoint: String) {
        owners[key.port]?.removeAll { $0.key == key && $0.endpoint == endpoint }
        if owners[key.port]?.isEmpty == true { owners[key.port] = nil }
    }
}
