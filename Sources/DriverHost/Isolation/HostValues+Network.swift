import DriverKit

extension Subnet: HostValue {
    func put(in message: inout MessageWriter) {
        message.put(cidr)
        message.put(gateway)
    }
    init(from message: inout MessageReader) throws(BrokenMessage) { self.init(cidr: try message.get(), gateway: try message.get()) }
}

extension NetworkSpecification: HostValue {
    func put(in message: inout MessageWriter) {
        message.put(id)
        message.put(name)
        message.put(subnets)
        message.put(options)
        message.put(isInternal)
        message.raw(mtu)
    }
    init(from message: inout MessageReader) throws(BrokenMessage) {
        self.init(
            id: try message.get(), name: try message.get(), subnets: try message.get(), options: try message.get(), isInternal: try message.get(),
            mtu: try message.raw())
    }
}

extension PublishedPort: HostValue {
    func put(in message: inout MessageWriter) {
        message.put(hostAddress)
        message.raw(hostPort)
        message.raw(containerPort)
        message.raw(transport.rawValue)
    }
    init(from message: inout MessageReader) throws(BrokenMessage) {
        self.init(
            hostAddress: try message.get(), hostPort: try message.raw(), containerPort: try message.raw(), transport: try Transport(raw: &message))
    }
}

extension EndpointSpecification: HostValue {
    func put(in message: inout MessageWriter) {
        for text in [id, network, container, interfaceName, mac] { message.put(text) }
        message.put(addresses)
        message.put(gateways)
        message.put(ports)
    }
    init(from message: inout MessageReader) throws(BrokenMessage) {
        self.init(
            id: try message.get(), network: try message.get(), container: try message.get(), interfaceName: try message.get(), mac: try message.get(),
            addresses: try message.get(), gateways: try message.get(), ports: try message.get())
    }
}

extension NetworkInterface: HostValue {
    func put(in message: inout MessageWriter) { for text in [name, hostName, mac] { message.put(text) } }
    init(from message: inout MessageReader) throws(BrokenMessage) {
        self.init(name: try message.get(), hostName: try message.get(), mac: try message.get())
    }
}

extension NetworkObject: HostValue {
    func put(in message: inout MessageWriter) {
        message.put(id)
        message.raw(kind.rawValue)
        message.put(isWhole)
    }
    init(from message: inout MessageReader) throws(BrokenMessage) {
        self.init(id: try message.get(), kind: try Kind(raw: &message), isWhole: try message.get())
    }
}
