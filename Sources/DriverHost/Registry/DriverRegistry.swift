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
        /// Names of the drivers that serve when none is asked for; at the start, as `isolation`.
        public var defaults: [DriverKind: String]
        /// Options of storage, network and volume instances, by the driver's name.
        public var instanceOptions: [DriverKind: [String: [String: String]]]
        /// Refuse files that others than root could have written. Off only for development and tests.
        public var checksOwnership: Bool
        /// How long one call may take before the driver is asked to stop.
        public var callDeadline: Duration
        /// The same until `startIsOver`; nil: there is no start to wait for.
        public var startDeadline: Duration?
        /// How long after that it may take to obey.
        public var callGrace: Duration
        public var isolation: DriverIsolation
        /// Receives the drivers' own messages.
        public var log: Loader.Log
        /// Told when a process of an isolated driver ended by itself: kind, name and how.
        public var crashed: @Sendable (DriverKind, String, String) -> Void

        public init(
            directories: [String], stateRoot: String, mark: String = "", defaults: [DriverKind: String] = [:],
            instanceOptions: [DriverKind: [String: [String: String]]] = [:], checksOwnership: Bool = true,
            callDeadline: Duration = .seconds(60), startDeadline: Duration? = nil, callGrace: Duration = .seconds(1), isolation: DriverIsolation = DriverIsolation(),
            log: @escaping Loader.Log = Loader.standardError, crashed: @escaping @Sendable (DriverKind, String, String) -> Void = { _, _, _ in }
        ) {
            self.directories = directories
            self.stateRoot = stateRoot
            self.mark = mark
            self.defaults = defaults
            self.instanceOptions = instanceOptions
            self.checksOwnership = checksOwnership
            self.callDeadline = callDeadline
            self.startDeadline = startDeadline
            self.callGrace = callGrace
            self.isolation = isolation
            self.log = log
            self.crashed = crashed
        }
    }

    let configuration: Configuration
    private let live: Mutex<(defaults: [DriverKind: String], isolation: DriverIsolation)>
    private let entries = Mutex<[DriverEntry]>([])
    private let start: StartPatience

    /// Looks for drivers at once.
    public init(_ configuration: Configuration) {
        self.configuration = configuration
        start = StartPatience(limit: configuration.startDeadline?.nanoseconds)
        live = Mutex((configuration.defaults, configuration.isolation))
        discover()
    }

    /// Other defaults, and another isolation of those that are not loaded yet.
    public func change(defaults: [DriverKind: String], isolation: DriverIsolation) { live.withLock { $0 = (defaults, isolation) } }

    /// As they are now.
    public var defaults: (defaults: [DriverKind: String], isolation: DriverIsolation) { live.withLock { $0 } }

    var isolation: DriverIsolation { live.withLock { $0.isolation } }

    /// Looks into the folders again and loads nothing. A driver that is in use stays what it is.
    public func discover() {
        let found = DriverFolders.scan(configuration.directories)
        entries.withLock { entries in
            var result = entries.filter(\.isUsed)
            for driver in found where !result.contains(where: { $0.kind == driver.kind && $0.name == driver.name }) {
                result.append(entries.first { $0.current.found == driver } ?? DriverEntry(driver))
            }
            // Without descriptors no folder can be read, but a file can be seen.
            result += entries.filter { old in !result.contains { $0.kind == old.kind && $0.name == old.name } && Files.exists(old.current.found.path) }
            entries = result
        }
    }

    /// All drivers, by kind and name; versions of one side by side, the newest first.
    public func statuses() -> [DriverStatus] {
        let all = allEntries.sorted { ($0.kind.rawValue, $0.name) < ($1.kind.rawValue, $1.name) }
        return all.flatMap { $0.statuses(isDefault: $0.name == defaultName($0.kind)) }
    }

    var allEntries: [DriverEntry] { entries.withLock { $0 } }

    func drop(_ entry: DriverEntry) { entries.withLock { $0.removeAll { $0 === entry } } }

    /// The configured one; without one, the first that exists ("": none does).
    public func defaultName(_ kind: DriverKind) -> String {
        live.withLock { $0.defaults[kind] } ?? names(kind).first ?? ""
    }

    private func names(_ kind: DriverKind) -> [String] {
        entries.withLock { $0.filter { $0.kind == kind }.map(\.name) }.sorted()
    }

    /// - Throws: `.notFound` with the names of those that exist.
    func entry(_ kind: DriverKind, _ name: String?) throws(EngineError) -> DriverEntry {
        let name = name ?? defaultName(kind)
        let match = entries.withLock { $0.first { $0.kind == kind && $0.name == name } }
        if let match { return match }
        let existing = names(kind)
        let list = existing.isEmpty ? "no \(kind) driver is installed" : "there are: \(existing.joined(separator: ", "))"
        // The words of Docker for a log driver; scripts know them.
        let what = kind == .log ? "logger: no log driver named '\(name)' is registered" : "\(kind) driver \"\(name)\" not found"
        throw EngineError(.notFound, "\(what); \(list)")
    }

    /// Loads it when it is wanted first. The file's own code runs then, and may hang as any call may.
    func image(_ version: DriverVersion, of entry: DriverEntry) async throws(EngineError) -> DriverImage {
        let configuration = configuration, found = version.found, isolation = isolation
        let calls = InstanceCalls(DriverDescription(found), entry.counters, limits)
        return try await version.image.value { () async throws(EngineError) -> DriverImage in
            try await calls.run("load") {
                if let program = isolation.host(found.kind, found.name) {
                    return try DriverImage(isolated: HostLaunch(program: program, path: found.path, checksOwnership: configuration.checksOwnership))
                }
                return DriverImage(try Loader.load(found.path, checksOwnership: configuration.checksOwnership, log: configuration.log))
            }
        }
    }

    var limits: CallLimits {
        CallLimits(
            deadline: configuration.callDeadline.nanoseconds, grace: configuration.callGrace.nanoseconds, start: start,
            tell: { [log = configuration.log] driver, message in log("\(driver.kind)/\(driver.name)", 2, message) })
    }

    /// The engine has started: calls get their usual time.
    public func startIsOver() { start.end() }
}

extension Duration {
    fileprivate var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
