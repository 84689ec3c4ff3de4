import EngineCore
import ServiceLifecycle

/// Finishes the migrations that a daemon before left, while others are served.
struct Migrations: Service {
    let images: ImageCatalog

    func run() async throws {
        await cancelWhenGracefulShutdown { await images.resumeMigrations() }
        try? await gracefulShutdown()
    }
}
