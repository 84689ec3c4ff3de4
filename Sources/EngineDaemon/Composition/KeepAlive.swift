import EngineCore
import Logging
import ServiceLifecycle
import StateStore

/// Tells systemd's watchdog that the engine lives, as long as it does: the containers' actor and the state store have
/// answered in time. What hangs otherwise, a container, a driver or a client, is no reason to end the daemon.
struct KeepAlive: Service {
    /// µs; nil: nobody watches.
    let period: Int64?
    let store: StateStore
    let containers: any ContainerService
    let dump: DumpOnSignal
    let logger: Logger

    func run() async throws {
        guard let period else { return try await gracefulShutdown() }
        let pause = Duration.microseconds(period / 2)
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await check(within: pause)
                try? await Task.sleep(for: pause)
            }
        }
    }

    private func check(within limit: Duration) async {
        let late = Task.detached {
            do { try await Task.sleep(for: limit) } catch { return }
            logger.critical("the engine does not answer; systemd is about to end it")
            dump.write()
        }
        _ = await containers.list()
        // A store that refuses has answered, and its errors reach those who want something of it.
        try? await store.ping()
        ServiceManager.notify("WATCHDOG=1", waits: false)
        late.cancel()
    }
}
