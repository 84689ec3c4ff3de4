import EngineCore
import EngineWire
import NIOHTTP1

/// What the engine counts, for Prometheus.
struct MetricsRoutes {
    let system: any SystemService
    let clients: ClientTable
    let counts: RequestCounts

    func add(to router: inout Router) {
        router.add(.GET, "/metrics") { _, _ in
            let body = MetricsBody.make(system.metrics(), await system.information(), clients.all, counts)
            return .data(status: .ok, headers: ["Content-Type": MetricsText.contentType], Array(body.utf8))
        }
    }
}
