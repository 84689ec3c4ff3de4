import EngineHTTP
import Logging
import ServiceLifecycle
import UnixSignals

/// The second SIGTERM or SIGINT: the requests under way are given up.
struct Haste: Service {
    let clients: ClientTable
    let logger: Logger

    func run() async throws {
        var count = 0
        for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint).cancelOnGracefulShutdown() {
            count += 1
            guard count == 2 else { continue }
            logger.notice("told to end a second time; requests under way are given up")
            clients.hasten()
        }
    }
}
