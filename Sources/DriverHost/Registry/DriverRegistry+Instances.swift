public import DriverKit
public import EngineErrors
import Glibc
import LinuxSystem

extension DriverRegistry {
    /// nil: the default. Loads and opens on demand; there is one instance.
    public func storage(_ name: String?) async throws(EngineError) -> StorageInstance {
        let entry = try entry(.storage, name), image = try await image(entry)
        return try await entry.storage.value { () async throws(EngineError) -> StorageInstance in
            let driver = try await self.open(entry, image, LoadedStorageDriver.init)
            return StorageInstance(driver, InstanceCalls(image, entry.counters, self.limits) { driver.cancel() })
        }
    }

    public func network(_ name: String) async throws(EngineError) -> NetworkInstance {
        let entry = try entry(.network, name), image = try await image(entry)
        return try await entry.network.value { () async throws(EngineError) -> NetworkInstance in
            let driver = try await self.open(entry, image, LoadedNetworkDriver.init)
            return NetworkInstance(driver, InstanceCalls(image, entry.counters, self.limits) { driver.cancel() })
        }
    }

    /// nil: the default.
    public func volume(_ name: String?) async throws(EngineError) -> VolumeInstance {
        let entry = try entry(.volume, name), image = try await image(entry)
        return try await entry.volume.value { () async throws(EngineError) -> VolumeInstance in
            let driver = try await self.open(entry, image, LoadedVolumeDriver.init)
            return VolumeInstance(driver, InstanceCalls(image, entry.counters, self.limits) { driver.cancel() })
        }
    }

    private func open<Driver: Sendable>(
        _ entry: DriverEntry, _ image: LoadedDriver, _ make: @escaping @Sendable (LoadedDriver, OpenContext) throws(EngineError) -> Driver
    ) async throws(EngineError) -> Driver {
        let options = configuration.instanceOptions[image.kind]?[image.name] ?? [:]
        try OptionCheck.check(options, image.options, of: InstanceCalls.subject(image)) {
            "unknown option \"\($0)\" for \(InstanceCalls.subject(image))"
        }
        let state = stateDirectory(image.kind, image.name)
        let isNew = !Files.exists(state)
        do throws(Errno) { try Files.makeDirectories(state, mode: 0o711) } catch {
            throw EngineError(.driverFailed, "the state of \(InstanceCalls.subject(image)) has no folder: \(error)", errno: error.code)
        }
        let context = OpenContext(name: image.name, stateDirectory: state, mark: configuration.mark, options: options)
        do throws(EngineError) { return try await opened(entry, image, context, make) } catch {
            // It says what holds state (`storageInUse`); a driver that refuses to begin holds none.
            if isNew { rmdir(state) }
            throw error
        }
    }

    func stateDirectory(_ kind: DriverKind, _ name: String) -> String { "\(configuration.stateRoot)/\(kind)/\(name)" }

    /// The storage drivers that have been opened here, now or by an earlier daemon, and the default.
    public var storageInUse: [String] {
        let names = statuses().filter { $0.kind == .storage }.map(\.name)
        return names.filter { $0 == defaultName(.storage) || Files.exists(stateDirectory(.storage, $0)) }
    }

    /// Opening may hang as any call may.
    private func opened<Driver: Sendable>(
        _ entry: DriverEntry, _ image: LoadedDriver, _ context: OpenContext,
        _ make: @escaping @Sendable (LoadedDriver, OpenContext) throws(EngineError) -> Driver
    ) async throws(EngineError) -> Driver {
        try await InstanceCalls(image, entry.counters, limits) {}.run { try make(image, context) }
    }
}

// MARK: logs

/// A log driver that exists and takes these options.
public struct LogDriverReference: Sendable {
    public let name, path: String
    public let capabilities: DriverCapabilities
    public let options: [String: String]
}

extension DriverRegistry {
    /// Loads the driver and checks names and types of the options. nil: the default.
    public func log(_ name: String?, options: [String: String]) async throws(EngineError) -> LogDriverReference {
        let image = try await image(try entry(.log, name))
        try checkLogOptions(image, options)
        return LogDriverReference(name: image.name, path: image.path, capabilities: image.capabilities, options: options)
    }

    /// A reader of one container's log.
    /// - Throws: `.unsupported` for a driver that can't read.
    public func openLogReader(
        _ driver: String, container: String, stateDirectory: String, options: [String: String]
    ) async throws(EngineError) -> LogReaderInstance {
        let entry = try entry(.log, driver), image = try await image(entry)
        guard image.capabilities.contains(.read) else {
            throw EngineError(.unsupported, "configured logging driver does not support reading")
        }
        try checkLogOptions(image, options)
        let context = OpenContext(
            name: container, stateDirectory: stateDirectory, mark: configuration.mark, options: options, readOnly: true)
        let driver = try await opened(entry, image, context, LoadedLogDriver.init)
        return LogReaderInstance(driver, InstanceCalls(image, entry.counters, limits) { driver.cancel() })
    }

    private func checkLogOptions(_ image: LoadedDriver, _ options: [String: String]) throws(EngineError) {
        try OptionCheck.check(options, image.options, of: InstanceCalls.subject(image)) {
            "unknown log opt '\($0)' for \(image.name) log driver"
        }
    }
}
