import DriverKit
import EngineErrors
import LinuxSystem
import Synchronization

/// Finds drivers, loads them when they are first asked for, and keeps the daemon's instances of them.
public final class DriverRegistry: Sendable {
    public struct Configuration: Sendable {
        /// Searched in order; see `discover`.
        public var directories: [String]
        /// Instances keep their state in `<stateRoot>/<kind>/<name>`.
        public var stateRoot: String
        /// Short text, unique for each daemon of a host, for the names of kernel objects.
        public var mark: String
        /// Names of the drivers that serve when none is asked for.
        public var defaults: [DriverKind: String]
        /// Options of storage, network and volume instances, by the driver's name.
        public var instanceOptions: [DriverKind: [String: [String: String]]]
        /// Refuse files that others than root could have written. Off only for development and tests.
        public var checksOwnership: Bool
        /// How long one call may take before the driver is asked to stop.
        public var callDeadline: Duration
        /// How long after that it may take to obey.
        public var callGrace: Duration
        /// Receives the drivers' own messages.
        public var log: Loader.Log

        public init(
            directories: [String], stateRoot: String, mark: String = "", defaults: [DriverKind: String] = [:],
            instanceOptions: [DriverKind: [String: [String: String]]] = [:], checksOwnership: Bool = true,
            callDeadline: Duration = .seconds(60), callGrace: Duration = .seconds(1), log: @escaping Loader.Log = Loader.standardError
        ) {
            self.directories = directories
            self.stateRoot = stateRoot
            self.mark = mark
            self.defaults = defaults
            self.instanceOptions = instanceOptions
            self.checksOwnership = checksOwnership
            self.callDeadline = callDeadline
            self.callGrace = callGrace
            self.log = log
        }
    }

    let configuration: Configuration
    private let entries = Mutex<[DriverEntry]>([])

    /// Looks for drivers at once.
    public init(_ configuration: Configuration) {
        self.configuration = configuration
        discover()
    }

    /// Looks into the folders again and loads nothing. A driver that is in use stays what it is.
    public func discover() {
        let found = DriverFolders.scan(configuration.directories)
        entries.withLock { entries in
            var result = entries.filter { $0.image.ready != nil }
            for driver in found where !result.contains(where: { $0.found.kind == driver.kind && $0.found.name == driver.name }) {
                result.append(entries.first { $0.found == driver } ?? DriverEntry(driver))
            }
            entries = result
        }
    }

    /// All drivers, by kind and name.
    public func statuses() -> [DriverStatus] {
        let all = entries.withLock { $0 }
        let statuses = all.map { $0.status(isDefault: $0.found.name == defaultName($0.found.kind)) }
        return statuses.sorted { ($0.kind.rawValue, $0.name) < ($1.kind.rawValue, $1.name) }
    }

    /// The configured one; without one, the first that exists ("": none does).
    public func defaultName(_ kind: DriverKind) -> String {
        configuration.defaults[kind] ?? names(kind).first ?? ""
    }

    private func names(_ kind: DriverKind) -> [String] {
        entries.withLock { $0.filter { $0.found.kind == kind }.map(\.found.name) }.sorted()
    }

    /// - Throws: `.notFound` with the names of those that exist.
    func entry(_ kind: DriverKind, _ name: String?) throws(EngineError) -> DriverEntry {
        let name = name ?? defaultName(kind)
        let match = entries.withLock { $0.first { $0.found.kind == kind && $0.found.name == name } }
        if let match { return match }
        let existing = names(kind)
        let list = existing.isEmpty ? "no \(kind) driver is installed" : "there are: \(existing.joined(separator: ", "))"
        // The words of Docker for a log driver; scripts know them.
        let what = kind == .log ? "logger: no log driver named '\(name)' is registered" : "\(kind) driver \"\(name)\" not found"
        throw EngineError(.notFound, "\(what); \(list)")
    }

    func image(_ entry: DriverEntry) async throws(EngineError) -> LoadedDriver {
        let configuration = configuration, path = entry.found.path
        return try await entry.image.value { () async throws(EngineError) -> LoadedDriver in
            do {
                return try await BlockingPool.shared.run {
                    try Loader.load(path, checksOwnership: configuration.checksOwnership, log: configuration.log)
                }
            } catch { throw EngineError.wrapping(error) }
        }
    }

    var limits: CallLimits {
        CallLimits(deadline: configuration.callDeadline.nanoseconds, grace: configuration.callGrace.nanoseconds)
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
