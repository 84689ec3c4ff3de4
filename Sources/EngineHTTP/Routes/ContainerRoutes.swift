import EngineCore
import EngineErrors
import EngineModel
import EngineWire
import NIOHTTP1

/// Containers without their streams.
struct ContainerRoutes {
    private let containers: any ContainerService
    private let system: any SystemService

    init(_ services: EngineServices) {
        containers = services.containers
        system = services.system
    }

    func add(to router: inout Router) {
        router.add(.GET, "/containers/json", list)
        router.add(.POST, "/containers/create", create)
        router.add(.POST, "/containers/prune", prune)
        router.add(.GET, "/containers/{id}/json", inspect)
        router.add(.POST, "/containers/{id}/start") { _, id in
            try await containers.start(id[0])
            return .noContent
        }
        router.add(.POST, "/containers/{id}/stop") { request, id in
            try await containers.stop(id[0], signal: request.query["signal"], timeout: request.query.integer("t"))
            return .noContent
        }
        router.add(.POST, "/containers/{id}/restart") { request, id in
            try await containers.restart(id[0], signal: request.query["signal"], timeout: request.query.integer("t"))
            return .noContent
        }
        router.add(.POST, "/containers/{id}/kill") { request, id in
            try await containers.kill(id[0], signal: request.query["signal"])
            return .noContent
        }
        router.add(.POST, "/containers/{id}/pause") { _, id in
            try await containers.pause(id[0])
            return .noContent
        }
        router.add(.POST, "/containers/{id}/unpause") { _, id in
            try await containers.unpause(id[0])
            return .noContent
        }
        router.add(.POST, "/containers/{id}/rename") { request, id in
            try await containers.rename(id[0], to: request.query["name"] ?? "")
            return .noContent
        }
        router.add(.POST, "/containers/{id}/update") { request, id in
            let update = try UpdateRequest(try await request.requiredJSON())
            try await containers.changeLog(id[0], driver: update.logDriver, options: update.logOptions)
            return .json(["Warnings": []])
        }
        router.add(.POST, "/containers/{id}/wait", wait)
        router.add(.POST, "/gantry/containers/{id}/migrate") { request, id in
            let moved = try await containers.migrate(id[0], to: try MigrationTarget.driver(request))
            return .json(["Id": .string(moved.container), "From": .string(moved.from), "To": .string(moved.to)])
        }
        router.add(.DELETE, "/containers/{id}") { request, id in
            if request.query.flag("link") { throw EngineError(.unsupported, "links between containers are not supported") }
            try await containers.remove(id[0], force: request.query.flag("force"), volumes: request.query.flag("v"))
            return .noContent
        }
        router.add(.GET, "/containers/{id}/top") { request, id in
            let top = try await containers.top(id[0], arguments: request.query["ps_args"] ?? "")
            return .json(["Processes": .array(top.rows.map { JSONValue($0) }), "Titles": JSONValue(top.titles)])
        }
        router.add(.POST, "/containers/{id}/resize") { request, id in
            let size = try WindowSize(request)
            try await containers.resize(id[0], rows: size.rows, columns: size.columns)
            return .data(status: .ok, headers: [:], [])
        }
    }

    @Sendable private func create(_ request: Request, _: Router.Parameters) async throws -> Response {
        let body = try CreateRequest(try await request.requiredJSON())
        let name = request.query["name"].flatMap { $0.isEmpty ? nil : $0 }
        let created = try await containers.create(name: name, body.configuration, body.host, body.networking)
        return .json(["Id": .string(created.id), "Warnings": JSONValue(created.warnings)], status: .created)
    }

    @Sendable private func inspect(_ request: Request, _ id: Router.Parameters) async throws -> Response {
        let container = try await containers.inspect(id[0])
        let size = request.query.flag("size") ? try await containers.size(container.id) : nil
        // A driver that can't be asked must not hide the container.
        let layer = (try? await containers.layerPlaces(container.id)) ?? [:]
        return .json(ContainerBody.inspect(container, dataRoot: await system.information().dataRoot, layer: layer, size: size))
    }

    @Sendable private func wait(_ request: Request, _ id: Router.Parameters) async throws -> Response {
        let text = request.query["condition"] ?? ""
        guard let condition = text.isEmpty ? .notRunning : WaitCondition(rawValue: text) else {
            throw EngineError(.invalidArgument, "invalid condition: \"\(text)\"")
        }
        let result = try await containers.wait(id[0], condition)
        // The head tells the client that its wait is registered.
        return .stream(status: .ok, headers: ["Content-Type": "application/json"], isEndless: true) { writer in
            let exit = try await result()
            var body: JSONValue = ["StatusCode": .integer(Int64(exit.exitCode))]
            if let error = exit.error { body["Error"] = ["Message": .string(error)] }
            try await writer.write(body.encoded() + [0x0a])
        }
    }

    @Sendable private func list(_ request: Request, _: Router.Parameters) async throws -> Response {
        let filters = try request.filters(ContainerFilter.known)
        let limit = try request.query.integer("limit") ?? 0
        let filter = try ContainerFilter(filters, showsAll: request.query.flag("all") || limit > 0)
        let all = await containers.list()
        var chosen = all.filter { filter.allows($0, all) }
        if limit > 0 { chosen = Array(chosen.prefix(limit)) }
        let now = await system.information().now
        var items: [JSONValue] = []
        for container in chosen {
            let size = request.query.flag("size") ? try? await containers.size(container.id) : nil
            items.append(ContainerBody.listItem(container, now: now, size: size))
        }
        return .json(.array(items))
    }

    @Sendable private func prune(_ request: Request, _: Router.Parameters) async throws -> Response {
        let filter = try PruneFilter(request)
        let pruned = try await containers.prune { filter.allows($0.configuration.labels, created: $0.created) }
        return .json(["ContainersDeleted": pruned.ids.isEmpty ? nil : JSONValue(pruned.ids), "SpaceReclaimed": .integer(pruned.bytes)])
    }
}

struct WindowSize {
    let rows, columns: UInt16

    init(_ request: Request) throws(EngineError) {
        rows = UInt16(clamping: try request.query.integer("h") ?? 0)
        columns = UInt16(clamping: try request.query.integer("w") ?? 0)
    }
}
