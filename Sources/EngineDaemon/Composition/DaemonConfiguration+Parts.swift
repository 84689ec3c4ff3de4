import DriverHost
import EngineCore
import EngineModel
import Glibc

// What each part of the engine gets to see of the configuration.
extension DaemonConfiguration {
    func registry(_ files: InstalledFiles, _ mark: String) -> DriverRegistry.Configuration {
        DriverRegistry.Configuration(
            directories: driverDirectories + files.driverFolders, stateRoot: dataRoot, mark: mark,
            defaults: [.storage: storageDriver, .log: logDriver, .network: "bridge", .volume: "local"],
            instanceOptions: [.storage: storageInstanceOptions], checksOwnership: checksDrivers(files), log: DriverMessages.write)
    }

    /// A build folder belongs to whoever builds; tests of an installed tree may say so too.
    private func checksDrivers(_ files: InstalledFiles) -> Bool {
        !files.isBuildFolder && getenv("GANTRY_DRIVER_CHECKS").map { String(cString: $0) } != "off"
    }

    /// "DRIVER.NAME=VALUE", or "NAME=VALUE" for the default driver.
    var storageInstanceOptions: [String: [String: String]] {
        var result: [String: [String: String]] = [:]
        for option in storageOptions {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let path = parts[0].split(separator: ".", maxSplits: 1)
            guard parts.count == 2, let name = path.last else { continue }
            result[path.count == 2 ? String(path[0]) : storageDriver, default: [:]][String(name)] = String(parts[1])
        }
        return result
    }

    func networkDefaults(_ mark: String) -> NetworkCatalog.Defaults {
        NetworkCatalog.Defaults(
            bip: bip.isEmpty ? "172.17.0.1/16" : bip, bridgeName: bridge.isEmpty ? "gantry0" : bridge, mark: mark, mtu: mtu)
    }

    func containerDefaults(_ files: InstalledFiles, _ mark: String) -> ContainerDefaults {
        var defaults = ContainerDefaults(dataRoot: dataRoot, mark: mark)
        defaults.logOptions = logOptions
        defaults.ulimits = defaultUlimits.values.sorted { $0.name < $1.name }
        defaults.shmSize = defaultShmSize
        defaults.useInit = usesInit
        defaults.initPath = files.executable("gantry-init") ?? ""
        defaults.checksOwnership = checksDrivers(files)
        if !cgroupParent.isEmpty { defaults.cgroupParent = cgroupParent.hasPrefix("/") ? String(cgroupParent.dropFirst()) : cgroupParent }
        return defaults
    }
}
