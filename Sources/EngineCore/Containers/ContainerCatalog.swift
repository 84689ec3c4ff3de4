import ContainerRuntime
import DriverHost
import DriverKit
import EngineErrors
public import EngineModel
import Logging
import StateStore

/// All containers of this daemon: the table, and every step of their lives.
///
/// Between a check of the table and its change there is no `await`; steps that must hold across one run in the
/// container's lane.
public actor ContainerCatalog: ContainerService, ExecService {
    /// A container and what belongs to it while this daemon runs.
    final class Entry {
        var snapshot: ContainerSnapshot
        let lane: Lane
        /// Of what is written down of it: its end is written outside of `lane`.
        let record: Lane
        var running: RunningContainer?
        /// Sockets of clients that attached before the start.
        var attached: [(socket: Int32, streams: StreamSelection)] = []
        var monitor: Task<Void, Never>?
        /// What restarts it after a pause.
        var restart: Task<Void, Never>?
        var restartDelay = Duration.milliseconds(100)
        var exitWaiters: [AsyncStream<WaitResult>.Continuation] = []
        var removalWaiters: [AsyncStream<WaitResult>.Continuation] = []
        /// Those that ended are behind one another in the order of their ends.
        var execs: [String] = []
        /// Its output is on its way from one log to the next: until it is there nobody reads that one.
        var movesOutput = false
        var moveWaiters: [CheckedContinuation<Void, Never>] = []
        /// A kill or stop is under way: no restart.
        var isStopping = false
        /// Somebody waits for its end, which he has asked for.
        var isHalting = false
        /// Whoever restarts it waits for its end to start it.
        var isRestarting = false
        /// Its end does not remove it, whatever was asked for at its creation.
        var isKept = false
        /// A change of its log was begun, and its output still goes where it went.
        var isLogBehind = false
        /// Its shim has got the clients that were attached before the start, and can't be given others yet.
        var isBeingStarted = false
        /// It is still being created: others do not see it yet.
        var isBeingCreated = false
        var networking = NetworkingRequest()
        /// It has ended, and what it held is being given back.
        var isEnding = false
        /// It has ended, and the store could not take that.
        var isEndUnsaved = false

        init(_ snapshot: ContainerSnapshot) {
            self.snapshot = snapshot
            lane = Lane(Self.subject(snapshot))
            record = Lane("record of \(Self.subject(snapshot))")
        }

        static func subject(_ snapshot: ContainerSnapshot) -> String { "container \(snapshot.name) (\(snapshot.id.prefix(12)))" }
    }

    let environment: ContainerEnvironment
    let times = ActionTimes()
    var entries: [String: Entry] = [:]
    /// Name → id, also of containers that are being created.
    var names: [String: String] = [:]
    var execs: [String: ExecSnapshot] = [:]
    /// Who waits for the end of one, by its id.
    var execWaiters: [String: [AsyncStream<WaitResult>.Continuation]] = [:]
    /// After a boot many containers may want to be started: a few at a time.
    let startLanes = (1...4).map { Lane("starts after others ended, \($0)") }
    /// Ids whose record is gone and of which something may still be there.
    var departing: Set<String> = []

    public init(_ environment: ContainerEnvironment) async throws {
        self.environment = environment
        try await restore()
    }

    var logger: Logger { environment.logger }

    /// How long actions on containers took, by action.
    public nonisolated var actionTimes: [String: Histogram] { times.histograms }

    func directory(_ id: String) -> String { "\(environment.defaults.dataRoot)/containers/\(id)" }

    func logDirectory(_ id: String, _ folder: String?) -> String { folder.map { "\(directory(id))/\($0)" } ?? directory(id) }
    func cgroup(_ id: String) -> String { "\(environment.defaults.cgroupParent)/\(id)" }
    /// The writable layer's key in the storage driver.
    func layer(_ id: String) -> String { ContainerLayer.key(id) }

    /// By name, id, or unique beginning of an id.
    func entry(_ reference: String) throws(EngineError) -> Entry {
        let name = reference.hasPrefix("/") ? String(reference.dropFirst()) : reference
        if let found = entries[reference] ?? names[name].flatMap({ entries[$0] }), !found.isBeingCreated { return found }
        let matches = reference.isEmpty ? [] : entries.values.filter { $0.snapshot.id.hasPrefix(reference) && !$0.isBeingCreated }
        if matches.count > 1 {
            throw EngineError(.invalidArgument, "Multiple IDs found with provided prefix: \(reference)")
        }
        guard let match = matches.first else { throw EngineError(.notFound, "No such container: \(reference)") }
        return match
    }

    /// Runs a step that must not overlap another one of the same container.
    /// - Throws: `.notFound` when the container was removed while the step waited for its turn.
    func inLane<R>(_ entry: Entry, _ name: String, _ step: () async throws -> R) async throws -> R {
        try await entry.lane.run(name) {
            guard entries[entry.snapshot.id] === entry else { throw EngineError(.notFound, "No such container: \(entry.snapshot.id)") }
            return try await step()
        }
    }

    public func list() async -> [ContainerSnapshot] {
        entries.values.filter { !$0.isBeingCreated }.map(\.snapshot).sorted { $0.created > $1.created }
    }

    /// Those that are being created too.
    public func all() -> [ContainerSnapshot] { entries.values.map(\.snapshot) }

    /// Ids of the containers that refer to a volume. One that is being created does, before it has it.
    public func users(ofVolume name: String) -> [String] {
        entries.values.filter { entry in
            entry.snapshot.mounts.contains { $0.kind == .volume && $0.name == name }
                || entry.isBeingCreated && entry.snapshot.host.mounts.contains { $0.kind == .volume && $0.source == name }
        }.map(\.snapshot.id)
    }

    public func inspect(_ reference: String) async throws -> ContainerSnapshot { try entry(reference).snapshot }

    public func size(_ reference: String) async throws -> ContainerSize {
        let snapshot = try entry(reference).snapshot
        let written = try await environment.registry.storage(snapshot.storageDriver).usage(layer(snapshot.id)).bytes
        let image = (try? await environment.images.resolve(snapshot.imageID).size) ?? 0
        return ContainerSize(written: written, whole: image + written)
    }

    public func layerPlaces(_ reference: String) async throws -> [String: String] {
        let snapshot = try entry(reference).snapshot
        return LayerPlaces.find(try await environment.registry.storage(snapshot.storageDriver).mounts(layer(snapshot.id)))
    }

    public func rename(_ reference: String, to name: String) async throws {
        let entry = try entry(reference)
        let wanted = try checkName(name)
        guard wanted != entry.snapshot.name else {
            throw EngineError(.invalidArgument, "Renaming a container with the same name as its current name")
        }
        try await inLane(entry, "rename") {
            try reserve(wanted, for: entry.snapshot.id)
            let old = entry.snapshot.name
            do { try await change(entry) { $0.name = wanted } } catch {
                names[wanted] = nil
                throw error
            }
            entry.lane.rename(Entry.subject(entry.snapshot))
            names[old] = nil
            publish("rename", entry.snapshot, ["oldName": "/\(old)"])
        }
    }

    func checkName(_ name: String) throws(EngineError) -> String {
        let plain = name.hasPrefix("/") ? String(name.dropFirst()) : name
        guard Identifier.isName(plain) else {
            throw EngineError(.invalidArgument, "Invalid container name (\(name)), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
        }
        return plain
    }

    func reserve(_ name: String, for id: String) throws(EngineError) {
        if let holder = names[name] {
            throw EngineError(
                .conflict,
                "Conflict. The container name \"/\(name)\" is already in use by container \"\(holder)\". "
                    + "You have to remove (or rename) that container to be able to reuse that name.")
        }
        names[name] = id
    }

    func publish(_ action: String, _ container: ContainerSnapshot, _ more: [String: String] = [:]) {
        var attributes = container.configuration.labels
        attributes["name"] = container.name
        attributes["image"] = container.configuration.image
        attributes.merge(more) { _, new in new }
        environment.events.publish(EngineEvent(.container, action, actor: container.id, attributes: attributes, time: Clock.now()))
    }

    // The record of what was removed must not come back.

    /// Stores a status that need not survive a power cut; the next boot finds the truth anyway.
    func saveStatus(_ entry: Entry) async {
        await entry.record.run("save") {
            if entries[entry.snapshot.id] === entry { _ = await save(entry.snapshot) }
        }
    }

    /// Changes what is written down, and then what is known. Durable when it returns.
    func change(_ entry: Entry, _ step: (inout ContainerSnapshot) -> Void) async throws(EngineError) {
        try await entry.record.run("change") { () async throws(EngineError) in
            guard entries[entry.snapshot.id] === entry else { throw EngineError(.notFound, "No such container: \(entry.snapshot.id)") }
            var changed = entry.snapshot
            step(&changed)
            try await environment.store.save(changed)
            step(&entry.snapshot)
        }
    }

    /// In its record's lane.
    /// - Returns: it is stored.
    func save(_ snapshot: ContainerSnapshot) async -> Bool {
        do throws(EngineError) {
            try await environment.store.saveRelaxed(snapshot)
            return true
        } catch {
            logger.error("the status of a container was not stored", metadata: ["container": "\(snapshot.id)", "error": "\(error)"])
            return false
        }
    }

    public nonisolated func leave() { environment.runtime.leave() }
}
