import DriverKit
import Glibc
import LinuxNetlink

/// Names of a network's options: Docker's.
enum MacvlanOption {
    static let parent = "parent"
    static let mode = "macvlan_mode"
    static let mtu = "com.docker.network.driver.mtu"
}

/// A network as this driver sets it up.
struct MacvlanNetwork: Equatable {
    var id, name: String
    /// The interface below the containers'.
    var parent: String
    /// Made for this network alone: no way out, and so no default route.
    var isDummy: Bool
    var mode: MacvlanLink.Mode
    /// Bytes; 0: the parent's.
    var mtu: UInt32

    init(_ network: NetworkSpecification) throws {
        id = network.id
        name = network.name
        let wanted = network.options[MacvlanOption.parent] ?? ""
        isDummy = wanted.isEmpty || network.isInternal
        parent = isDummy ? "dm-\(network.id.prefix(12))" : wanted
        mode = try Self.mode(network)
        mtu = try Self.mtu(network)
        guard parent.utf8.count <= 15, !parent.utf8.contains(where: { $0 <= 0x20 || $0 == 0x2f || $0 == 0x3a }) else {
            throw DriverError(EINVAL, "\"\(parent)\" can't be the parent of the network \(name): a name of an interface has 1 to 15 characters, without spaces, slashes and colons")
        }
    }

    /// "eth0.10": the interface below, and the VLAN.
    var vlan: (link: String, id: UInt16)? {
        guard let dot = parent.lastIndex(of: "."), let id = UInt16(parent[parent.index(after: dot)...]), (1...4094).contains(id) else { return nil }
        return (String(parent[..<dot]), id)
    }

    private static func mode(_ network: NetworkSpecification) throws -> MacvlanLink.Mode {
        switch network.options[MacvlanOption.mode] ?? "" {
        case "", "bridge": return .bridge
        case "private": return .isPrivate
        case "vepa": return .vepa
        case "passthru": return .passthru
        case let other:
            throw DriverError(EINVAL, "the option \(MacvlanOption.mode) of the network \(network.name) is \"\(other)\"; it takes bridge, private, vepa or passthru")
        }
    }

    private static func mtu(_ network: NetworkSpecification) throws -> UInt32 {
        guard let text = network.options[MacvlanOption.mtu], !text.isEmpty else { return network.mtu }
        guard let mtu = UInt32(text), mtu == 0 || (68...65535).contains(mtu) else {
            throw DriverError(EINVAL, "the option \(MacvlanOption.mtu) of the network \(network.name) is \"\(text)\"; it takes 68 to 65535 bytes")
        }
        return mtu
    }
}
