import EngineCore
import EngineModel
import Logging
import ServiceLifecycle
import UnixSignals

/// On SIGHUP, reads the configuration file again and takes over what can change while the daemon runs.
struct Reload: Service {
    let invocation: Invocation
    let live: LiveSettings
    let events: EventBus
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() { reload() }
    }

    /// A file that can't be changes nothing at all.
    private func reload() {
        do throws(ConfigurationError) {
            let change = ConfigurationChange(from: live.configuration, to: try invocation.configuration())
            live.configuration = change.result
            LogfmtHandler.level = change.result.effectiveLevel
            report(change)
        } catch {
            logger.error("the configuration was not reloaded", metadata: ["error": "\(error)"])
        }
    }

    private func report(_ change: ConfigurationChange) {
        let taken = change.taken.isEmpty ? "nothing changed" : change.taken.joined(separator: ", ")
        logger.notice("configuration reloaded", metadata: ["changed": "\(taken)"])
        for key in change.ignored {
            logger.warning("\"\(key)\" changed in the configuration file; it takes effect when the daemon is restarted")
        }
        events.publish(EngineEvent(.daemon, "reload", actor: "gantryd", attributes: ["changed": taken], time: Clock.now()))
    }
}
