import EngineErrors
import EngineModel

/// A container's configuration is the image's, with what the user said on top.
enum ConfigurationMerge {
    static func merge(_ user: ContainerConfiguration, image: ImageSnapshot) throws(EngineError) -> ContainerConfiguration {
        var merged = user
        let base = image.configuration
        // A new entrypoint means that the image's command is not meant for it.
        if user.entrypoint == nil || user.entrypoint == [] {
            if user.entrypoint == nil { merged.entrypoint = base.entrypoint }
            if user.command == nil || user.command == [] { merged.command = user.entrypoint == nil ? base.command : user.command }
        }
        if merged.entrypoint == [""] { merged.entrypoint = nil }
        guard !((merged.entrypoint ?? []) + (merged.command ?? [])).isEmpty else {
            throw EngineError(.invalidArgument, "no command specified")
        }
        merged.environment = environment(base.environment, user.environment)
        if user.workingDirectory.isEmpty { merged.workingDirectory = base.workingDirectory }
        if user.user.isEmpty { merged.user = base.user }
        if user.stopSignal == nil { merged.stopSignal = base.stopSignal }
        if user.healthcheck == nil { merged.healthcheck = base.healthcheck }
        merged.labels = base.labels.merging(user.labels) { _, new in new }
        merged.exposedPorts = Array(Set(base.exposedPorts + user.exposedPorts)).sorted()
        merged.volumes = Array(Set(base.volumes + user.volumes)).sorted()
        return merged
    }

    /// "NAME=value" entries; later ones win; a lone "NAME" takes the variable away.
    static func environment(_ lists: [String]...) -> [String] {
        var order: [Substring] = [], values: [Substring: String?] = [:]
        for entry in lists.joined() {
            let name = entry.prefix { $0 != "=" }
            if values[name] == nil { order.append(name) }
            values[name] = .some(entry.contains("=") ? entry : nil)
        }
        return order.compactMap { values[$0] ?? nil }
    }
}
