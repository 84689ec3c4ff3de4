import DriverKit
import Glibc
import LinuxNetlink

/// An endpoint, checked and ready to be carried out.
struct EndpointPlan {
    let id, name, hostName: String
    let mac: HardwareAddress
    let addresses: [InterfaceAddress]
    /// Four bytes.
    let gateway: [UInt8]?
    let published: [PlacedElement]
    let isIsolated: Bool
    let mtu: UInt32

    init(_ endpoint: EndpointSpecification, _ network: BridgeNetwork) throws {
        id = endpoint.id
        name = endpoint.interfaceName
        hostName = Mark.hostName(endpoint.id)
        isIsolated = !network.connects
        mtu = network.mtu
        addresses = try endpoint.addresses.map { try Self.address($0, endpoint) }
        guard let address = addresses.first else { throw DriverError(EINVAL, "the endpoint \(endpoint.id) of the container \(endpoint.container) has no address") }
        mac = try Self.mac(endpoint, address)
        gateway = try endpoint.gateways.first.map { try Self.gateway($0, endpoint) }
        published = try endpoint.ports.map { try PacketFilter.element($0, to: address.bytes, endpoint: endpoint.id) }
    }

    private static func address(_ text: String, _ endpoint: EndpointSpecification) throws -> InterfaceAddress {
        if let address = InterfaceAddress(text) { return address }
        throw DriverError(EINVAL, "\"\(text)\" is no IPv4 address for the container \(endpoint.container)")
    }

    private static func gateway(_ text: String, _ endpoint: EndpointSpecification) throws -> [UInt8] {
        if let gateway = InterfaceAddress.parse(text) { return gateway }
        throw DriverError(EINVAL, "\"\(text)\" is no IPv4 gateway for the container \(endpoint.container)")
    }

    private static func mac(_ endpoint: EndpointSpecification, _ address: InterfaceAddress) throws -> HardwareAddress {
        if endpoint.mac.isEmpty { return HardwareAddress(for: address) }
        if let mac = HardwareAddress(endpoint.mac) { return mac }
        throw DriverError(EINVAL, "\"\(endpoint.mac)\" is no MAC address for the container \(endpoint.container); write it like 02:42:ac:11:00:02")
    }
}
