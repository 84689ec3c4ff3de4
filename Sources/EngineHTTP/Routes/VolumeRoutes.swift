import EngineCore
import EngineModel
import EngineWire
import NIOHTTP1

/// Volumes.
struct VolumeRoutes {
    private let volumes: any VolumeService
    private let containers: any ContainerService

    init(_ services: EngineServices) {
        volumes = services.volumes
        containers = services.containers
    }

    func add(to router: inout Router) {
        router.add(.GET, "/volumes", list)
        router.add(.POST, "/volumes/create") { request, _ in
            let body = try await request.json()
            let volume = try await volumes.createVolume(
                name: body.ignoringCase("Name").string, driver: body.ignoringCase("Driver").string,
                options: try CreateRequest.map(body.ignoringCase("DriverOpts"), "DriverOpts"), labels: try CreateRequest.map(body.ignoringCase("Labels"), "Labels"))
            return .json(Self.body(volume), status: .created)
        }
        router.add(.POST, "/volumes/prune") { request, _ in
            let filter = try PruneFilter(request, others: ["all"])
            let all = try filter.filters.flag("all") ?? (request.version < APIVersion.multiplexed)
            let pruned = try await volumes.pruneVolumes(all: all) { filter.allows($0.labels, created: $0.created) }
            return .json(["VolumesDeleted": pruned.names.isEmpty ? nil : JSONValue(pruned.names), "SpaceReclaimed": .integer(pruned.bytes)])
        }
        router.add(.GET, "/volumes/{name}") { _, name in .json(Self.body(try await volumes.inspectVolume(name[0]))) }
        router.add(.DELETE, "/volumes/{name}") { request, name in
            try await volumes.removeVolume(name[0], force: request.query.flag("force"))
            return .noContent
        }
    }

    @Sendable private func list(_ request: Request, _: Router.Parameters) async throws -> Response {
        let filters = try request.filters(["name", "driver", "label", "dangling"])
        let dangling = try filters.flag("dangling")
        let used = Set(await containers.list().flatMap(\.mounts).filter { $0.kind == .volume }.map(\.name))
        let chosen = try await volumes.listVolumes().filter { volume in
            filters.allows("name") { volume.name.contains($0) } && filters.allows("driver") { volume.driver == $0 }
                && filters.allowsLabels(volume.labels) && (dangling.map { $0 == !used.contains(volume.name) } ?? true)
        }
        return .json(["Volumes": .array(chosen.map(Self.body)), "Warnings": nil])
    }

    private static func body(_ volume: VolumeSnapshot) -> JSONValue {
        [
            "CreatedAt": .string(Timestamp.format(volume.created / 1_000_000_000 * 1_000_000_000)), "Driver": .string(volume.driver),
            "Labels": volume.labels.isEmpty ? nil : JSONValue(volume.labels), "Mountpoint": .string(volume.mountpoint), "Name": .string(volume.name),
            "Options": volume.options.isEmpty ? nil : JSONValue(volume.options), "Scope": "local",
        ]
    }
}
