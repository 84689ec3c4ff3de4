import DriverHost
import EngineErrors

/// A misspelt default, or option, is found when the daemon starts and not when the first container is made.
enum DefaultDrivers {
    static func check(_ registry: DriverRegistry, _ configuration: DaemonConfiguration, _ files: InstalledFiles) async throws(EngineError) {
        for kind in [DriverKind.storage, .log] { try checkExists(kind, registry, configuration, files) }
        try await registry.checkInstanceOptions()
        if !configuration.logOptions.isEmpty { _ = try await registry.log(nil, options: configuration.logOptions) }
    }

    private static func checkExists(
        _ kind: DriverKind, _ registry: DriverRegistry, _ configuration: DaemonConfiguration, _ files: InstalledFiles
    ) throws(EngineError) {
        let name = registry.defaultName(kind)
        let names = registry.statuses().filter { $0.kind == kind }.map(\.name)
        if names.contains(name) { return }
        let folders = (configuration.driverDirectories + files.driverFolders).joined(separator: ", ")
        let choice = names.isEmpty ? "there is none" : "there is: \(names.joined(separator: ", "))"
        throw EngineError(
            .notFound,
            "the default \(kind) driver \"\(name)\" does not exist (\(choice); searched \(folders)); choose another with --\(kind)-driver or add its folder with --driver-dir"
        )
    }
}
