public import DriverKit
public import EngineErrors
import Glibc
import LinuxSystem

extension DriverRegistry {
    /// nil: the default. Loads and opens on demand; there is one instance.
    public func storage(_ name: String?) async throws(EngineError) -> StorageInstance {
        let entry = try entry(.storage, name), image = try await image(entry.current, of: entry)
        return try await entry.storage.value { () async throws(EngineError) -> StorageInstance in
            StorageInstance(Serving(try await self.open(entry, image, DriverImage.storage)))
        }
    }

    public func network(_ name: String) async throws(EngineError) -> NetworkInstance {
        let entry = try entry(.network, name), image = try await image(entry.current, of: entry)
        return try await entry.network.value { () async throws(EngineError) -> NetworkInstance in
            NetworkInstance(Serving(try await self.open(entry, image, DriverImage.network)))
        }
    }

    /// nil: the default.
    public func volume(_ name: String?) async throws(EngineError) -> VolumeInstance {
        let entry = try entry(.volume, name), image = try await image(entry.current, of: entry)
        return try await entry.volume.value { () async throws(EngineError) -> VolumeInstance in
            VolumeInstance(Serving(try await self.open(entry, image, DriverImage.volume)))
        }
    }

    typealias Opening<Instance: Sendable> =
        @Sendable (DriverImage) -> @Sendable (OpenContext, @escaping HostedInstance.Crashed) throws(EngineError) -> DriverImage.Opened<Instance>

    func open<Instance: Sendable>(
        _ entry: DriverEntry, _ image: DriverImage, _ opening: @escaping Opening<Instance>
    ) async throws(EngineError) -> Serving<Instance>.Current {
        let driver = image.description
        let options = configuration.instanceOptions[driver.kind]?[driver.name] ?? [:]
        try check(options, of: driver)
        let state = stateDirectory(driver.kind, driver.name)
        let isNew = !Files.exists(state)
        do throws(Errno) { try Files.makeDirectories(state, mode: 0o711) } catch {
            throw EngineError(.driverFailed, "the state of \(driver.subject) has no folder: \(error)", errno: error.code)
        }
        let context = OpenContext(name: driver.name, stateDirectory: state, mark: configuration.mark, options: options)
        do throws(EngineError) { return try await opened(entry, image, context, opening) } catch {
            // It says what holds state (`storageInUse`); a driver that refuses to begin holds none.
            if isNew { rmdir(state) }
            throw error
        }
    }

    /// The configured options of instances: loads their drivers and opens none.
    /// - Throws: `.notFound` for options of a driver that does not exist; `.invalidArgument`.
    public func checkInstanceOptions() async throws(EngineError) {
        for (kind, drivers) in configuration.instanceOptions {
            for (name, options) in drivers.sorted(by: { $0.key < $1.key }) {
                let entry = try entry(kind, name)
                try check(options, of: try await image(entry.current, of: entry).description)
            }
        }
    }

    private func check(_ options: [String: String], of driver: DriverDescription) throws(EngineError) {
        try OptionCheck.check(options, driver.options, of: driver.subject) { "unknown option \"\($0)\" for \(driver.subject)" }
    }

    func stateDirectory(_ kind: DriverKind, _ name: String) -> String { "\(configuration.stateRoot)/\(kind)/\(name)" }

    /// The storage drivers that have been opened here, now or by an earlier daemon, and the default.
    public var storageInUse: [String] {
        let names = Set(statuses().filter { $0.kind == .storage }.map(\.name)).sorted()
        return names.filter { $0 == defaultName(.storage) || Files.exists(stateDirectory(.storage, $0)) }
    }

    /// Opening may hang as any call may.
    private func opened<Instance: Sendable>(
        _ entry: DriverEntry, _ image: DriverImage, _ context: OpenContext, _ opening: @escaping Opening<Instance>
    ) async throws(EngineError) -> Serving<Instance>.Current {
        let crashed = crashReport(entry)
        let opened = try await InstanceCalls(image.description, entry.counters, limits).run("open") { try opening(image)(context, crashed) }
        return .init(instance: opened.instance, calls: InstanceCalls(image.description, entry.counters, limits, opened.ending))
    }

    private func crashReport(_ entry: DriverEntry) -> HostedInstance.Crashed {
        let kind = entry.kind, name = entry.name, counters = entry.counters, tell = configuration.crashed
        return { how in
            counters.countRestart()
            tell(kind, name, how)
        }
    }
}

// MARK: logs

/// A log driver that exists and takes these options.
public struct LogDriverReference: Sendable {
    public let name, path: String
    public let capabilities: DriverCapabilities
    public let options: [String: String]
    /// The executable that hosts it; nil: the driver is loaded by whoever uses it.
    public let host: String?
    /// Bytes of lines that may wait for it while the container runs on; nil: the container waits.
    public let buffer: Int64?
}

extension DriverRegistry {
    /// Loads the driver and checks names and types of the options. nil: the default.
    public func log(_ name: String?, options: [String: String]) async throws(EngineError) -> LogDriverReference {
        let entry = try entry(.log, name), image = try await image(entry.current, of: entry), driver = image.description
        try checkLogOptions(driver, options)
        return LogDriverReference(
            name: driver.name, path: driver.path, capabilities: driver.capabilities, options: LogMode.removed(from: options),
            host: image.isIsolated ? isolation.program : nil, buffer: LogMode.buffer(options))
    }

    /// A reader of one container's log.
    /// - Throws: `.unsupported` for a driver that can't read.
    public func openLogReader(
        _ driver: String, container: String, stateDirectory: String, options: [String: String]
    ) async throws(EngineError) -> LogReaderInstance {
        let entry = try entry(.log, driver), image = try await image(entry.current, of: entry)
        guard image.description.capabilities.contains(.read) else {
            throw EngineError(.unsupported, "configured logging driver does not support reading")
        }
        try checkLogOptions(image.description, options)
        let context = OpenContext(
            name: container, stateDirectory: stateDirectory, mark: configuration.mark, options: LogMode.removed(from: options),
            readOnly: true)
        let opened = try await opened(entry, image, context, DriverImage.log)
        return LogReaderInstance(opened.instance, opened.calls)
    }

    private func checkLogOptions(_ driver: DriverDescription, _ options: [String: String]) throws(EngineError) {
        try LogMode.check(options)
        try OptionCheck.check(LogMode.removed(from: options), driver.options, of: driver.subject) { "unknown log opt '\($0)' for \(driver.name) log driver" }
    }
}
