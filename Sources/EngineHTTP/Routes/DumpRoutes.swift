import EngineCore
import EngineWire

/// What the engine does now: Gantry's own route, below `/gantry`.
struct DumpRoutes {
    let system: any SystemService
    let clients: ClientTable

    func add(to router: inout Router) {
        router.addImmediate("/gantry/system/dump") { DumpBody.make(system.dump(), clients) }
    }
}
