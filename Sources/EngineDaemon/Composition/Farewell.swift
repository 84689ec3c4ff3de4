import Glibc
import Logging
import ServiceLifecycle

/// The first to hear that the daemon ends: says so, and has the kernel end us if a part never does.
struct Farewell: Service {
    /// Beyond the group's own deadline.
    private static let grace: UInt32 = 10

    /// Seconds; negative: wait for ever.
    let timeout: Int
    let logger: Logger

    func run() async throws {
        try? await gracefulShutdown()
        logger.notice("shutting down; containers run on")
        ServiceManager.notify("STOPPING=1")
        if timeout >= 0 { alarm(UInt32(timeout) + Self.grace) }
    }
}
