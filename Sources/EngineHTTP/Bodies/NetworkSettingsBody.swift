import EngineModel
import EngineWire

/// Docker's `NetworkSettings`, and the ports of `ps`.
enum NetworkSettingsBody {
    static func make(_ container: ContainerSnapshot) -> JSONValue {
        let main = container.networks.first
        return [
            "Bridge": "", "SandboxID": "", "SandboxKey": "", "Ports": ports(inspect: container), "HairpinMode": false, "LinkLocalIPv6Address": "",
            "LinkLocalIPv6PrefixLen": 0, "SecondaryIPAddresses": nil, "SecondaryIPv6Addresses": nil,
            "EndpointID": .string(main?.endpointID ?? ""), "Gateway": .string(isUp(main) ? main?.gateway ?? "" : ""), "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0,
            "IPAddress": .string(main?.address ?? ""), "IPPrefixLen": .integer(isUp(main) ? Int64(main?.prefixLength ?? 0) : 0), "IPv6Gateway": "",
            "MacAddress": .string(isUp(main) ? main?.mac ?? "" : ""), "Networks": networks(container),
        ]
    }

    private static func isUp(_ endpoint: EndpointSnapshot?) -> Bool { !(endpoint?.address.isEmpty ?? true) }

    static func networks(_ container: ContainerSnapshot) -> JSONValue {
        if container.networks.isEmpty, !container.host.networkMode.hasPrefix("container:") {
            let name = container.host.networkMode == "default" ? "bridge" : container.host.networkMode
            return .object([.init(key: name, value: endpoint(EndpointSnapshot(networkID: "", networkName: name)))])
        }
        return .object(container.networks.map { .init(key: $0.networkName, value: endpoint($0)) })
    }

    private static func endpoint(_ snapshot: EndpointSnapshot) -> JSONValue {
        let up = isUp(snapshot)
        return [
            "IPAMConfig": nil, "Links": nil, "Aliases": nil, "MacAddress": .string(up ? snapshot.mac : ""), "DriverOpts": nil, "GwPriority": 0,
            "NetworkID": .string(snapshot.networkID), "EndpointID": .string(snapshot.endpointID), "Gateway": .string(up ? snapshot.gateway : ""),
            "IPAddress": .string(snapshot.address), "IPPrefixLen": .integer(up ? Int64(snapshot.prefixLength) : 0), "IPv6Gateway": "",
            "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0, "DNSNames": nil,
        ]
    }

    private static func ports(inspect container: ContainerSnapshot) -> JSONValue {
        guard [.running, .paused].contains(container.status.state) else { return [:] }
        var body: JSONValue = [:]
        for port in container.configuration.exposedPorts { body[port.description] = .null }
        for binding in container.networks.flatMap(\.ports) {
            let entry: JSONValue = ["HostIp": .string(address(binding)), "HostPort": .string("\(binding.hostPort)")]
            body[binding.container.description] = .array(body[binding.container.description].array + [entry])
        }
        return body
    }

    private static func address(_ binding: PortBinding) -> String { binding.hostAddress.isEmpty ? "0.0.0.0" : binding.hostAddress }

    static func ports(_ container: ContainerSnapshot) -> [JSONValue] {
        guard [.running, .paused].contains(container.status.state) else { return [] }
        let published = container.networks.flatMap(\.ports)
        let open = container.configuration.exposedPorts.filter { port in !published.contains { $0.container == port } }
        return published.map { binding in
            [
                "IP": .string(address(binding)), "PrivatePort": .integer(Int64(binding.container.number)), "PublicPort": .integer(Int64(binding.hostPort)),
                "Type": .string(binding.container.transport.rawValue),
            ]
        } + open.map { ["PrivatePort": .integer(Int64($0.number)), "Type": .string($0.transport.rawValue)] }
    }
}
