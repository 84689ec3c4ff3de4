import DriverKit
import Glibc
import LinuxNetlink

/// An element and the set that it belongs to.
struct PlacedElement: Equatable {
    var set: String
    var element: SetElement
}

extension PacketFilter {
    /// What a network puts into the sets.
    static func elements(_ network: BridgeNetwork) -> [PlacedElement] {
        let name = SetElement.interface(network.bridge)
        var elements = [PlacedElement(set: bridges, element: SetElement(key: name, comment: network.id))]
        if network.connects { elements.append(PlacedElement(set: inside, element: SetElement(key: name + name, comment: network.id))) }
        if network.isInternal { elements.append(PlacedElement(set: isolated, element: SetElement(key: name, comment: network.id))) }
        if network.masquerades && !network.isInternal {
            for gateway in network.gateways {
                elements += SetElement.range(gateway, comment: network.id).map { PlacedElement(set: subnets, element: $0) }
            }
        }
        return elements
    }

    /// What a published port puts into the maps. `address`: the container's, four bytes.
    static func element(_ port: PublishedPort, to address: [UInt8], endpoint: String) throws -> PlacedElement {
        let service = [UInt8(port.transport.rawValue), 0, 0, 0] + padded(port.hostPort)
        let value = address + padded(port.containerPort)
        if port.hostAddress.isEmpty || port.hostAddress == "0.0.0.0" {
            return PlacedElement(set: anyAddress, element: SetElement(key: service, value: value, comment: endpoint))
        }
        guard let host = InterfaceAddress.parse(port.hostAddress) else {
            throw DriverError(EINVAL, "the host address \(port.hostAddress) of the port \(port.hostPort) is not an IPv4 address")
        }
        return PlacedElement(set: oneAddress, element: SetElement(key: host + service, value: value, comment: endpoint))
    }

    private static func padded(_ port: UInt16) -> [UInt8] { [UInt8(port >> 8), UInt8(port & 0xff), 0, 0] }

    /// The elements of `found` (all of one set) that carry the comment; of a range both ends.
    static func owned(_ id: String, _ found: [SetElement]) -> [SetElement] {
        let ends = found.filter(\.endsRange)
        return found.filter { $0.comment == id && !$0.endsRange }.flatMap { start in
            let end = ends.filter { start.key.lexicographicallyPrecedes($0.key) }.min { $0.key.lexicographicallyPrecedes($1.key) }
            return end.map { [start, $0] } ?? [start]
        }
    }
}
