import Logging

/// What a reload may take over, and what has to wait for a restart.
struct ConfigurationChange: Equatable {
    static let reloadable: Set<String> = [
        "debug", "default-shm-size", "default-ulimits", "init", "insecure-registries", "isolated-drivers", "labels", "log-driver", "log-format", "log-level", "log-opts",
        "registry-mirrors", "shutdown-timeout", "storage-driver", "trusted-drivers",
    ]

    /// The old configuration with the changes that can be made now.
    private(set) var result: DaemonConfiguration
    /// Keys, in alphabetical order of their flags.
    private(set) var taken: [String] = []
    private(set) var ignored: [String] = []

    init(from old: DaemonConfiguration, to new: DaemonConfiguration) {
        result = old
        for directive in Directives.all {
            guard let key = directive.key, let value = directive.setting(in: new), value != directive.setting(in: old) else { continue }
            if Self.reloadable.contains(key) {
                directive.apply(value, to: &result)
                taken.append(key)
            } else {
                ignored.append(key)
            }
        }
    }
}

extension Directive {
    /// nil: no part of the configuration.
    func setting(in configuration: DaemonConfiguration) -> Setting? {
        switch field {
        case .text(let path): .text(configuration[keyPath: path])
        case .number(let path): .number(configuration[keyPath: path])
        case .toggle(let path): .toggle(configuration[keyPath: path])
        case .list(let path): .list(configuration[keyPath: path])
        case .pairs(let path): .pairs(configuration[keyPath: path])
        case .size(let path): .size(configuration[keyPath: path])
        case .ulimits(let path): .ulimits(configuration[keyPath: path])
        case .commandText, .commandToggle: nil
        }
    }
}

extension DaemonConfiguration {
    var effectiveLevel: Logger.Level { debug ? .debug : Levels.level(logLevel) ?? .info }
}
