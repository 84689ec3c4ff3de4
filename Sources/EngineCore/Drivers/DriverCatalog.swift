public import DriverHost
import EngineErrors
import EngineModel
import LinuxSystem

/// The engine's drivers: which there are, what they do, and their coming and going while the daemon runs.
public actor DriverCatalog: DriverService {
    /// Who uses a driver, as sentences begin: "container web", "image 0123456789ab".
    public typealias Users = @Sendable (DriverKind, _ name: String) async -> [String]

    let registry: DriverRegistry
    let events: EventBus
    let folder: DriverFolder
    let users: Users
    /// Moves the logs of running containers to the version of a log driver that serves now, one after the other.
    let renewLogs: @Sendable (_ driver: String) async -> Void
    private let lanes = Lanes()

    /// - Parameter folder: where drivers are installed; absolute.
    public init(registry: DriverRegistry, events: EventBus, folder: String, users: @escaping Users, renewLogs: @escaping @Sendable (_ driver: String) async -> Void) {
        self.registry = registry
        self.events = events
        self.folder = DriverFolder(path: folder)
        self.users = users
        self.renewLogs = renewLogs
    }

    public func drivers() -> [DriverSnapshot] { registry.statuses().map(DriverSnapshot.init) }

    public func driverCalls() -> [DriverCallSnapshot] {
        registry.callsUnderWay().map { DriverCallSnapshot(kind: "\($0.kind)", driver: $0.driver, operation: $0.operation, age: $0.age) }
    }

    public func installDriver(file: String, from source: any ByteSource) async throws -> DriverSnapshot {
        let driver = try await receive(file, source)
        defer { folder.discard(driver.path) }
        return try await step("install", driver.kind, driver.name) {
            // A newer version whose files lie there unseen would serve in its place.
            registry.discover()
            if let known = registry.statuses().first(where: { $0.kind == driver.kind && $0.name == driver.name }) {
                throw EngineError(
                    .conflict, "a \(driver.kind) driver named \(driver.name) exists already (\(known.path)); use `gantry driver upgrade` to replace its version")
            }
            try folder.keep(driver)
            registry.discover()
            announce("install", driver)
            return try snapshot(driver)
        }
    }

    public func upgradeDriver(_ reference: String, file: String, from source: any ByteSource) async throws -> DriverSnapshot {
        let (kind, name) = try find(reference)
        let driver = try await receive(file, source)
        defer { folder.discard(driver.path) }
        guard driver.kind == kind, driver.name == name else {
            throw EngineError(.invalidArgument, "\(file) holds the \(driver.kind) driver \(driver.name), not the \(kind) driver \(name)")
        }
        return try await step("upgrade", kind, name) {
            // Somebody may have removed it meanwhile.
            _ = try find("\(kind)/\(name)")
            try await registry.checkUpgrade(kind, name, to: driver.version)
            try await replace(with: driver)
            FailPoint.after("driver.upgrade")
            if kind == .log { await renewLogs(name) }
            announce("upgrade", driver)
            return try snapshot(driver)
        }
    }

    private func replace(with driver: ArrivedDriver) async throws(EngineError) {
        let path = try folder.keep(driver)
        do throws(EngineError) { try await registry.upgrade(driver.kind, driver.name, to: path, version: driver.version) } catch {
            folder.forget(path)
            throw error
        }
    }

    public func removeDriver(_ reference: String) async throws {
        let (kind, name) = try find(reference)
        try await step("remove", kind, name) { try await remove(kind, name) }
    }

    private func remove(_ kind: DriverKind, _ name: String) async throws {
        _ = try find("\(kind)/\(name)")
        if registry.defaultName(kind) == name {
            throw EngineError(.conflict, "the \(kind) driver \(name) is the default one; choose another default first")
        }
        let users = await users(kind, name)
        if !users.isEmpty {
            let more = users.count > 3 ? " and \(users.count - 3) more" : ""
            throw EngineError(.conflict, "the \(kind) driver \(name) is in use by \(users.prefix(3).joined(separator: ", "))\(more); remove or migrate them first")
        }
        let paths = registry.statuses().filter { $0.kind == kind && $0.name == name }.map(\.path)
        if let foreign = paths.first(where: { !$0.hasPrefix(folder.path + "/") }) {
            throw EngineError(.permissionDenied, "the \(kind) driver \(name) is part of an installation (\(foreign)); remove it there and restart the daemon")
        }
        // Its files first: while they are there, a removal that fails leaves it in service.
        try folder.forget(kind, name)
        FailPoint.after("driver.remove.files")
        await registry.forget(kind, name)
        FailPoint.after("driver.remove")
        events.publish(EngineEvent(.driver, "remove", actor: name, attributes: ["kind": "\(kind)"], time: Clock.now()))
    }

    /// Steps of one driver run one after the other.
    private func step<R>(_ step: String, _ kind: DriverKind, _ name: String, _ body: () async throws -> R) async throws -> R {
        try await lanes.run(step, of: "driver \(kind)/\(name)", body)
    }

    /// Takes a file in and has it examined by a process of its own. The caller discards it.
    private func receive(_ file: String, _ source: any ByteSource) async throws -> ArrivedDriver {
        let path = try await folder.receive(file, source)
        do {
            let description = try await registry.describe(path)
            return ArrivedDriver(kind: description.kind, name: description.name, version: description.version, path: path)
        } catch {
            folder.discard(path)
            // The name that was sent, not where it was kept meanwhile.
            throw EngineError(error.code, error.message.replacing(path, with: file), errno: error.errno, underlying: error)
        }
    }

    private func find(_ reference: String) throws(EngineError) -> (DriverKind, String) {
        let found = Set(registry.statuses().filter { reference == "\($0.kind)/\($0.name)" || reference == $0.name }.map { "\($0.kind)/\($0.name)" }).sorted()
        guard let first = found.first else { throw EngineError(.notFound, "No such driver: \(reference)") }
        if found.count > 1 { throw EngineError(.invalidArgument, "\(reference) is the name of several drivers: say \(found.joined(separator: " or "))") }
        let parts = first.split(separator: "/", maxSplits: 1).map(String.init)
        guard let kind = DriverKind.allCases.first(where: { "\($0)" == parts[0] }) else { throw EngineError(.notFound, "No such driver: \(reference)") }
        return (kind, parts[1])
    }

    private func snapshot(_ driver: ArrivedDriver) throws(EngineError) -> DriverSnapshot {
        let status = registry.statuses().first { $0.kind == driver.kind && $0.name == driver.name }
        guard let status else { throw EngineError(.internal, "the \(driver.kind) driver \(driver.name) was installed and is not found") }
        return DriverSnapshot(status)
    }

    private func announce(_ action: String, _ driver: ArrivedDriver) {
        let attributes = ["kind": "\(driver.kind)", "version": driver.version]
        events.publish(EngineEvent(.driver, action, actor: driver.name, attributes: attributes, time: Clock.now()))
    }
}

/// A driver's file that was taken in and examined.
struct ArrivedDriver {
    var kind: DriverKind
    var name, version, path: String
}
