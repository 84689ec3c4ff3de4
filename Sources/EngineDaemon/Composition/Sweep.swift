import EngineCore
import ServiceLifecycle

/// Removes what was left behind because it could not be removed at its time.
struct Sweep: Service {
    let check: SystemCheck

    func run() async throws {
        await cancelWhenGracefulShutdown { await check.sweep() }
        try? await gracefulShutdown()
    }
}
