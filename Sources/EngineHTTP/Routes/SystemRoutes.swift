import DriverKit
import EngineCore
import EngineErrors
import EngineModel
import EngineWire
import NIOHTTP1

/// The engine as a whole: ping, version, info, events, disk usage, drivers.
struct SystemRoutes {
    private let services: EngineServices

    init(_ services: EngineServices) { self.services = services }

    func add(to router: inout Router) {
        for method in [HTTPMethod.GET, .HEAD] {
            router.add(method, "/_ping") { _, _ in
                .data(
                    status: .ok,
                    headers: [
                        "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-cache, no-store, must-revalidate", "Pragma": "no-cache", "Builder-Version": "",
                        "Swarm": "inactive",
                    ], Array("OK".utf8))
            }
        }
        router.add(.GET, "/version") { _, _ in .json(SystemBody.version(await services.system.information())) }
        router.add(.GET, "/info") { _, _ in .json(SystemBody.information(await services.system.information())) }
        router.add(.GET, "/events", events)
        router.add(.GET, "/system/df", diskUsage)
        router.add(.POST, "/auth") { _, _ in throw EngineError(.unsupported, "this engine has no registry to log in to yet") }
    }

    @Sendable private func events(_ request: Request, _: Router.Parameters) async throws -> Response {
        let filters = try request.filters([
            "type", "event", "container", "image", "label", "network", "volume", "daemon", "scope", "plugin", "config", "secret", "node", "service",
        ])
        let since = try TimeParameter.parse(request.query["since"], "since"), until = try TimeParameter.parse(request.query["until"], "until")
        let stream = await services.system.events(since: since == 0 ? nil : since, until: until == 0 ? nil : until)
        return .stream(status: .ok, headers: ["Content-Type": "application/json"], isEndless: until == 0) { writer in
            for try await event in stream where EventFilter.allows(event, filters) {
                try await writer.write(SystemBody.event(event).encoded() + [0x0a])
            }
        }
    }

    @Sendable private func diskUsage(_ request: Request, _: Router.Parameters) async throws -> Response {
        let containers = await services.containers.list(), images = try await services.images.listImages()
        let volumes = try await services.volumes.listVolumes()
        return .json(
            DiskUsageBody.make(
                images: images, containers: containers, volumes: volumes, usage: await services.system.diskUsage(of: images, volumes), now: await services.system.information().now))
    }
}

enum EventFilter {
    static func allows(_ event: EngineEvent, _ filters: Filters) -> Bool {
        func actor(_ name: String, _ kind: EngineEvent.Kind) -> Bool {
            filters.allows(name) { wanted in
                guard event.kind == kind || (name == "image" && event.kind == .container) else { return false }
                if name == "image" && event.kind == .container { return event.attributes["image"] == wanted }
                return event.actor == wanted || event.actor.hasPrefix(wanted) || event.attributes["name"] == wanted
            }
        }
        return filters.allows("type") { event.kind.rawValue == $0 }
            && filters.allows("event") { event.action == $0 || event.action.split(separator: ":").first.map(String.init) == $0 }
            && filters.allows("scope") { $0 == "local" } && filters.allowsLabels(event.attributes)
            && actor("container", .container) && actor("image", .image) && actor("network", .network) && actor("volume", .volume)
    }
}
