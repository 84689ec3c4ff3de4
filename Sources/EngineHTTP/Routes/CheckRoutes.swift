import EngineCore
import EngineWire
import NIOHTTP1

/// `gantry system check`, below `/gantry`.
struct CheckRoutes {
    private let check: any CheckService

    init(_ services: EngineServices) { check = services.check }

    func add(to router: inout Router) {
        router.add(.GET, "/gantry/check") { request, _ in .json(CheckBody.report(try await check.check(deep: request.query.flag("deep"), repair: false))) }
        router.add(.POST, "/gantry/check") { request, _ in .json(CheckBody.report(try await check.check(deep: request.query.flag("deep"), repair: true))) }
    }
}
