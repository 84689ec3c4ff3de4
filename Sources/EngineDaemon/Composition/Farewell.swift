import Glibc
import Logging
import ServiceLifecycle

/// The first to hear that the daemon ends: says so, and has the kernel end us if a part never does.
struct Farewell: Service {
    /// Seconds beyond what requests under way get.
    private static let grace: UInt32 = 10

    let live: LiveSettings
    /// Told before any connection is closed.
    let leave: @Sendable () -> Void
    let logger: Logger

    func run() async throws {
        try? await gracefulShutdown()
        leave()
        logger.notice("shutting down; containers run on")
        ServiceManager.notify("STOPPING=1\nSTATUS=Requests under way are answered")
        let timeout = live.configuration.shutdownTimeout
        if timeout >= 0 { alarm(UInt32(timeout) + Self.grace) }
    }
}
