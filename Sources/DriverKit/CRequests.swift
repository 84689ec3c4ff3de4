package import CDriverABI

// The C form of what a driver is asked for. `raw` is valid as long as its arena.

extension OpenContext {
    package init(_ pointer: UnsafePointer<gantry_open_args>) {
        let raw = readSized(pointer, over: gantry_open_args())
        self.init(
            name: raw.name.string, stateDirectory: raw.state_dir.string, mark: raw.mark.string,
            options: dictionary(raw.options, raw.option_count), labels: dictionary(raw.labels, raw.label_count),
            readOnly: raw.flags & UInt32(GANTRY_OPEN_READ) != 0)
    }

    package func raw(_ arena: Arena) -> gantry_open_args {
        gantry_open_args(
            size: UInt32(MemoryLayout<gantry_open_args>.size), flags: readOnly ? UInt32(GANTRY_OPEN_READ) : 0,
            name: arena.bytes(name), state_dir: arena.bytes(stateDirectory), mark: arena.bytes(mark),
            options: arena.pairs(options), option_count: options.count, labels: arena.pairs(labels), label_count: labels.count)
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
        gantry_network_args(
            size: UInt32(MemoryLayout<gantry_network_args>.size), reserved: 0, id: arena.bytes(id), name: arena.bytes(name),
            subnets: arena.array(subnets.map { gantry_subnet(cidr: arena.bytes($0.cidr), gateway: arena.bytes($0.gateway)) }),
            subnet_count: subnets.count, options: arena.pairs(options), option_count: options.count,
            internal: isInternal ? 1 : 0, mtu: mtu)
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
        gantry_endpoint_args(
            size: UInt32(MemoryLayout<gantry_endpoint_args>.size), reserved: 0, id: arena.bytes(id),
            network: arena.bytes(network), container: arena.bytes(container), interface_name: arena.bytes(interfaceName),
            mac: arena.bytes(mac), addresses: arena.array(addresses.map(arena.bytes)), address_count: addresses.count,
            gateways: arena.array(gateways.map(arena.bytes)), gateway_count: gateways.count,
            ports: arena.array(ports.map { $0.raw(arena) }), port_count: ports.count)
    }
}
