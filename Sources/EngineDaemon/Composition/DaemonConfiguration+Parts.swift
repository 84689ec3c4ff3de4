import DriverHost
import EngineCore
import EngineModel
import Glibc

// What each part of the engine gets to see of the configuration.
extension DaemonConfiguration {
    func registry(_ files: InstalledFiles, _ mark: String, _ events: EventBus) -> DriverRegistry.Configuration {
        DriverRegistry.Configuration(
            directories: driverDirectories + [driverFolder] + files.driverFolders, stateRoot: dataRoot, mark: mark,
            defaults: defaultDrivers,
            instanceOptions: [.storage: storageInstanceOptions], checksOwnership: checksDrivers(files), startDeadline: .seconds(10), isolation: isolation(files),
            log: DriverMessages.write,
            crashed: { kind, name, how in
                DriverMessages.write("\(kind)/\(name)", 2, "\(how); it is started again")
                events.publish(EngineEvent(.driver, "crash", actor: name, attributes: ["kind": "\(kind)", "reason": how], time: Clock.now()))
            })
    }

    var defaultDrivers: [DriverKind: String] { [.storage: storageDriver, .log: logDriver, .network: "bridge", .volume: "local"] }

    /// Of drivers that were installed through the API.
    var driverFolder: String { "\(dataRoot)/drivers" }

    func isolation(_ files: InstalledFiles) -> DriverIsolation {
        DriverIsolation(
            program: files.executable("gantry-driver-host"), trusted: Self.ownDrivers.union(trustedDrivers),
            chosen: isolatedDrivers.mapValues { $0 != "false" })
    }

    /// Those that come with this release.
    private static let ownDrivers: Set = [
        "storage/overlayfs", "storage/vfs", "storage/btrfs", "network/bridge", "network/host", "network/none", "network/macvlan", "log/json-file",
        "log/local", "log/syslog", "log/none", "volume/local",
    ]

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
