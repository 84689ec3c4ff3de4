import EngineCore
import EngineModel
import Logging
import ServiceLifecycle
import UnixSignals

/// On SIGHUP, reads the configuration file again and takes over what can change while the daemon runs.
struct Reload: Service {
    let invocation: Invocation
    let live: LiveSettings
    let engine: Engine
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            ServiceManager.notifyReloading()
            let status = await reload()
            ServiceManager.notify("READY=1\nSTATUS=\(status)")
        }
    }

    /// A file that can't be changes nothing at all.
    private func reload() async -> String {
        do {
            let change = ConfigurationChange(from: live.configuration, to: try invocation.configuration())
            try await engine.apply(change.result)
            live.configuration = change.result
            StandardErrorLog.level = change.result.effectiveLevel
            StandardErrorLog.isJSON = change.result.logFormat == "json"
            return report(change)
        } catch {
            logger.error("the configuration was not reloaded", metadata: ["error": "\(error)"])
            return "The configuration was not reloaded: \(error)"
        }
    }

    private func report(_ change: ConfigurationChange) -> String {
        let taken = change.taken.isEmpty ? "nothing changed" : change.taken.joined(separator: ", ")
        logger.notice("configuration reloaded", metadata: ["changed": "\(taken)"])
        for key in change.ignored {
            logger.warning("\"\(key)\" changed in the configuration file; it takes effect when the daemon is restarted")
        }
        engine.events.publish(EngineEvent(.daemon, "reload", actor: "gantryd", attributes: ["changed": taken], time: Clock.now()))
        let waiting = change.ignored.isEmpty ? "" : "; after a restart: \(change.ignored.joined(separator: ", "))"
        return "Configuration reloaded: \(taken)\(waiting)"
    }
}
