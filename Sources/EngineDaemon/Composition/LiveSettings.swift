import EngineCore
import Synchronization

/// The configuration as it is now: a reload changes a part of it while everybody reads.
final class LiveSettings: Sendable {
    private let state: Mutex<DaemonConfiguration>
    /// For `info`.
    private let warnings: [String]

    init(_ configuration: DaemonConfiguration, warnings: [String]) {
        state = Mutex(configuration)
        self.warnings = warnings
    }

    var configuration: DaemonConfiguration {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }

    var information: SystemInfo.Settings {
        let configuration = configuration
        var settings = SystemInfo.Settings()
        settings.registryMirrors = configuration.registryMirrors
        settings.insecureRegistries = configuration.insecureRegistries
        settings.labels = configuration.labels
        settings.debug = configuration.debug
        settings.warnings = warnings
        return settings
    }
}
