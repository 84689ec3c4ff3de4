package import CDriverABI

// The C form of what a driver is asked for. `raw` is valid as long as its arena. A struct that may grow starts from
// zeros and is filled field by field: what a later header appends stays zero until somebody means it.

extension OpenContext {
    package init(_ pointer: UnsafePointer<gantry_open_args>) {
        let raw = readSized(pointer, over: gantry_open_args())
        self.init(
            name: raw.name.string, stateDirectory: raw.state_dir.string, mark: raw.mark.string,
            options: dictionary(raw.options, raw.option_count), labels: dictionary(raw.labels, raw.label_count),
            readOnly: raw.flags & UInt32(GANTRY_OPEN_READ) != 0)
    }

    package func raw(_ arena: Arena) -> gantry_open_args {
        var raw = gantry_open_args()
        raw.size = UInt32(MemoryLayout<gantry_open_args>.size)
        raw.flags = readOnly ? UInt32(GANTRY_OPEN_READ) : 0
        raw.name = arena.bytes(name)
        raw.state_dir = arena.bytes(stateDirectory)
        raw.mark = arena.bytes(mark)
        (raw.options, raw.option_count) = (arena.pairs(options), options.count)
        (raw.labels, raw.label_count) = (arena.pairs(labels), labels.count)
        return raw
    }
}

extension NetworkSpecification {
    package init(_ pointer: UnsafePointer<gantry_network_args>) {
        let raw = readSized(pointer, over: gantry_network_args())
        self.init(
            id: raw.id.string, name: raw.name.string,
            subnets: array(raw.subnets, raw.subnet_count) { Subnet(cidr: $0.cidr.string, gateway: $0.gateway.string) },
            options: dictionary(raw.options, raw.option_count), isInternal: raw.`internal` != 0, mtu: raw.mtu)
    }

    package func raw(_ arena: Arena) -> gantry_network_args {
        var raw = gantry_network_args()
        raw.size = UInt32(MemoryLayout<gantry_network_args>.size)
        raw.id = arena.bytes(id)
        raw.name = arena.bytes(name)
        raw.subnets = arena.array(subnets.map { gantry_subnet(cidr: arena.bytes($0.cidr), gateway: arena.bytes($0.gateway)) })
        raw.subnet_count = subnets.count
        (raw.options, raw.option_count) = (arena.pairs(options), options.count)
        raw.`internal` = isInternal ? 1 : 0
        raw.mtu = mtu
        return raw
    }
}

extension PublishedPort {
    package init(_ raw: gantry_port) throws {
        guard let transport = Transport(rawValue: raw.protocol) else {
            throw DriverError(DriverError.invalidArgument, "protocol \(raw.protocol) of port \(raw.container_port) is unknown")
        }
        self.init(
            hostAddress: raw.host_address.string, hostPort: raw.host_port, containerPort: raw.container_port, transport: transport)
    }

    package func raw(_ arena: Arena) -> gantry_port {
        gantry_port(
            host_address: arena.bytes(hostAddress), host_port: hostPort, container_port: containerPort, protocol: transport.rawValue)
    }
}

extension EndpointSpecification {
    package init(_ pointer: UnsafePointer<gantry_endpoint_args>) throws {
        let raw = readSized(pointer, over: gantry_endpoint_args())
        self.init(
            id: raw.id.string, network: raw.network.string, container: raw.container.string,
            interfaceName: raw.interface_name.string, mac: raw.mac.string,
            addresses: array(raw.addresses, raw.address_count) { $0.string },
            gateways: array(raw.gateways, raw.gateway_count) { $0.string })
        for port in UnsafeBufferPointer(start: raw.ports, count: raw.ports == nil ? 0 : raw.port_count) {
            ports.append(try PublishedPort(port))
        }
    }

    package func raw(_ arena: Arena) -> gantry_endpoint_args {
        var raw = gantry_endpoint_args()
        raw.size = UInt32(MemoryLayout<gantry_endpoint_args>.size)
        raw.id = arena.bytes(id)
        raw.network = arena.bytes(network)
        raw.container = arena.bytes(container)
        raw.interface_name = arena.bytes(interfaceName)
        raw.mac = arena.bytes(mac)
        (raw.addresses, raw.address_count) = (arena.array(addresses.map(arena.bytes)), addresses.count)
        (raw.gateways, raw.gateway_count) = (arena.array(gateways.map(arena.bytes)), gateways.count)
        (raw.ports, raw.port_count) = (arena.array(ports.map { $0.raw(arena) }), ports.count)
        return raw
    }
}
