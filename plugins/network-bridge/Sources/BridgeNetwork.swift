import DriverKit
import Glibc
import LinuxNetlink

/// Names of a network's options: Docker's, since people and tools send them.
enum BridgeOption {
    static let name = "com.docker.network.bridge.name"
    static let mtu = "com.docker.network.driver.mtu"
    static let masquerade = "com.docker.network.bridge.enable_ip_masquerade"
    static let connectivity = "com.docker.network.bridge.enable_icc"
    static let bindAddress = "com.docker.network.bridge.host_binding_ipv4"
    static let isDefault = "com.docker.network.bridge.default_bridge"
}

/// A network as this driver sets it up.
struct BridgeNetwork: Equatable {
    var id: String
    /// Name of the bridge's interface.
    var bridge: String
    /// The bridge's own addresses, with the prefix of their subnets.
    var gateways: [InterfaceAddress]
    var isInternal: Bool
    var isDefault: Bool
    var masquerades: Bool
    /// Containers reach one another.
    var connects: Bool
    /// Bytes; 0: the kernel's choice.
    var mtu: UInt32
    /// Known when the bridge exists.
    var index: Int32 = 0

    init(_ network: NetworkSpecification) throws {
        id = network.id
        bridge = try Self.interfaceName(network)
        gateways = try network.subnets.map { try Self.gateway($0, network.name) }
        isInternal = network.isInternal
        isDefault = network.options[BridgeOption.isDefault] == "true"
        masquerades = try Self.flag(BridgeOption.masquerade, network)
        connects = try Self.flag(BridgeOption.connectivity, network)
        mtu = try Self.mtu(network)
    }

    private static func interfaceName(_ network: NetworkSpecification) throws -> String {
        let name = network.options[BridgeOption.name] ?? ""
        if name.isEmpty { return "gt-\(network.id.prefix(12))" }
        guard name.utf8.count <= 15, name != ".", name != "..", !name.utf8.contains(where: { $0 <= 0x20 || $0 == 0x2f || $0 == 0x3a }) else {
            throw DriverError(EINVAL, "\"\(name)\" can't be the bridge of the network \(network.name): a name of an interface has 1 to 15 characters, without spaces, slashes and colons")
        }
        return name
    }

    private static func gateway(_ subnet: Subnet, _ network: String) throws -> InterfaceAddress {
        guard let range = InterfaceAddress(subnet.cidr), let gateway = InterfaceAddress.parse(subnet.gateway) else {
            throw DriverError(EINVAL, "the subnet \(subnet.cidr) with the gateway \(subnet.gateway) of the network \(network) is not supported: the bridge driver takes IPv4 subnets with a gateway")
        }
        return InterfaceAddress(bytes: gateway, prefixLength: range.prefixLength)
    }

    private static func flag(_ option: String, _ network: NetworkSpecification) throws -> Bool {
        switch network.options[option]?.lowercased() ?? "" {
        case "", "true", "1", "t": return true
        case "false", "0", "f": return false
        case let other: throw DriverError(EINVAL, "the option \(option) of the network \(network.name) is \"\(other)\"; it takes true or false")
        }
    }

    private static func mtu(_ network: NetworkSpecification) throws -> UInt32 {
        guard let text = network.options[BridgeOption.mtu], !text.isEmpty else { return network.mtu }
        guard let mtu = UInt32(text), mtu == 0 || (68...65535).contains(mtu) else {
            throw DriverError(EINVAL, "the option \(BridgeOption.mtu) of the network \(network.name) is \"\(text)\"; it takes 68 to 65535 bytes")
        }
        return mtu
    }
}
