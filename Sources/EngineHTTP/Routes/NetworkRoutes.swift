import EngineCore
import EngineErrors
import EngineModel
import EngineWire
import NIOHTTP1

/// Networks.
struct NetworkRoutes {
    private let networks: any NetworkService

    init(_ services: EngineServices) { networks = services.networks }

    func add(to router: inout Router) {
        router.add(.GET, "/networks") { request, _ in
            let filters = try request.filters(["name", "id", "driver", "label", "type", "scope", "dangling"])
            let chosen = await networks.listNetworks().filter { network in
                filters.allows("name") { network.name.contains($0) } && filters.allows("id") { network.id.hasPrefix($0) }
                    && filters.allows("driver") { network.driver == $0 } && filters.allowsLabels(network.labels)
                    && filters.allows("scope") { $0 == "local" }
                    && filters.allows("type") { ($0 == "builtin") == ["bridge", "host", "none"].contains(network.name) }
            }
            return .json(.array(chosen.map { Self.body($0, []) }))
        }
        router.add(.GET, "/networks/{id}") { _, id in
            let found = try await networks.inspectNetwork(id[0])
            return .json(Self.body(found.network, found.containers))
        }
        router.add(.POST, "/networks/create", create)
        router.add(.DELETE, "/networks/{id}") { _, id in
            try await networks.removeNetwork(id[0])
            return .noContent
        }
        router.add(.POST, "/networks/prune") { request, _ in
            let filter = try PruneFilter(request)
            var names: [String] = []
            for network in await networks.listNetworks() where !["bridge", "host", "none"].contains(network.name) && filter.allows(network.labels, created: network.created) {
                guard let found = try? await networks.inspectNetwork(network.id), found.containers.isEmpty else { continue }
                try await networks.removeNetwork(network.id)
                names.append(network.name)
            }
            return .json(["NetworksDeleted": names.isEmpty ? nil : JSONValue(names)])
        }
        for action in ["connect", "disconnect"] {
            router.add(.POST, "/networks/{id}/\(action)") { _, _ in
                throw EngineError(.unsupported, "a container can't \(action == "connect" ? "join" : "leave") a network after its creation yet: create it with --network")
            }
        }
    }

    @Sendable private func create(_ request: Request, _: Router.Parameters) async throws -> Response {
        let body = try await request.requiredJSON()
        let subnets = body.ignoringCase("IPAM").ignoringCase("Config").array.map {
            NetworkSnapshot.Subnet(cidr: $0.ignoringCase("Subnet").string, gateway: $0.ignoringCase("Gateway").string)
        }
        let created = try await networks.createNetwork(
            NetworkRequest(
                name: body.ignoringCase("Name").string, driver: body.ignoringCase("Driver").string, subnets: subnets,
                options: try CreateRequest.map(body.ignoringCase("Options"), "Options"), labels: try CreateRequest.map(body.ignoringCase("Labels"), "Labels"),
                isInternal: body.ignoringCase("Internal").bool))
        return .json(["Id": .string(created.id), "Warning": .string(created.warnings.joined(separator: "\n"))], status: .created)
    }

    private static func body(_ network: NetworkSnapshot, _ containers: [ContainerSnapshot]) -> JSONValue {
        var members: JSONValue = [:]
        for container in containers {
            guard let endpoint = container.networks.first(where: { $0.networkID == network.id }) else { continue }
            members[container.id] = [
                "Name": .string(container.name), "EndpointID": .string(endpoint.endpointID), "MacAddress": .string(endpoint.mac),
                "IPv4Address": .string(endpoint.address.isEmpty ? "" : "\(endpoint.address)/\(endpoint.prefixLength)"), "IPv6Address": "",
            ]
        }
        return [
            "Name": .string(network.name), "Id": .string(network.id), "Created": .string(Timestamp.format(network.created)), "Scope": "local",
            "Driver": .string(network.driver), "EnableIPv4": true, "EnableIPv6": false,
            "IPAM": [
                "Driver": "default", "Options": nil,
                "Config": .array(network.subnets.map { ["Subnet": .string($0.cidr), "Gateway": .string($0.gateway)] }),
            ],
            "Internal": .bool(network.isInternal), "Attachable": false, "Ingress": false, "ConfigFrom": ["Network": ""], "ConfigOnly": false,
            "Containers": members, "Options": JSONValue(network.options), "Labels": JSONValue(network.labels),
        ]
    }
}
