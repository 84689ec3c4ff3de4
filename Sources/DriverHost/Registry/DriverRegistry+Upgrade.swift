import DriverKit
public import EngineErrors
import Glibc
import LinuxSystem

extension DriverRegistry {
    /// Puts the version in the file at `path` in the place of the one that serves. Calls wait meanwhile; if the new
    /// version does not open, the old one goes on. New containers' logs, and readers of logs, use the new one.
    ///
    /// - Returns: the file of the version before.
    /// - Throws: the loader's refusal; `.conflict` when it is replaced already, or is the version that serves.
    @discardableResult
    public func upgrade(_ kind: DriverKind, _ name: String, to path: String, version: String) async throws(EngineError) -> String {
        let entry = try entry(kind, name), former = entry.current
        let next = DriverVersion(FoundDriver(kind: kind, name: name, version: version, path: path))
        guard entry.beginReplacement(next) else {
            throw EngineError(.conflict, "the \(kind) driver \(name) is being upgraded already; wait for that and look at `gantry driver ls`")
        }
        do throws(EngineError) {
            try await replaceInstances(entry, try await image(next, of: entry))
            entry.endReplacement(true)
        } catch {
            entry.endReplacement(false)
            throw EngineError(
                error.code, "the \(kind) driver \(name) was not upgraded, version \(former.image.ready?.description.version ?? former.found.version) serves on: \(error.message)",
                errno: error.errno, underlying: error)
        }
        return former.found.path
    }

    /// What a file says of itself. A process of its own loads it, where there is a program for that.
    public func describe(_ path: String) async throws(EngineError) -> DriverDescription {
        let configuration = configuration, isolation = isolation
        do {
            return try await BlockingPool.shared.run {
                guard let program = isolation.program else {
                    return try Loader.load(path, checksOwnership: configuration.checksOwnership, log: configuration.log).description
                }
                return try HostLaunch(program: program, path: path, checksOwnership: configuration.checksOwnership).describe()
            }
        } catch { throw EngineError.wrapping(error) }
    }

    /// - Throws: `.conflict` unless `version` is newer than the one that serves.
    public func checkUpgrade(_ kind: DriverKind, _ name: String, to version: String) async throws(EngineError) {
        // One that can't even be loaded may be replaced by anything.
        let entry = try entry(kind, name)
        guard let current = try? await image(entry.current, of: entry).description.version else { return }
        if current == version { throw EngineError(.conflict, "version \(version) of the \(kind) driver \(name) serves already") }
        if DriverFolders.isOlder(version, current) {
            throw EngineError(.conflict, "version \(version) of the \(kind) driver \(name) is older than \(current), which serves; the newest one would serve again after a restart")
        }
    }

    /// Takes a driver that nothing uses, and whose files are gone, out of service. Its folder goes if it has left nothing
    /// there.
    public func forget(_ kind: DriverKind, _ name: String) async {
        // A search for drivers may have missed it already.
        guard let entry = try? entry(kind, name) else { return }
        drop(entry)
        if let serving = entry.storage.ready?.serving { await serving.end { $0.close() } }
        if let serving = entry.network.ready?.serving { await serving.end { $0.close() } }
        if let serving = entry.volume.ready?.serving { await serving.end { $0.close() } }
        rmdir(stateDirectory(kind, name))
    }

    private func replaceInstances(_ entry: DriverEntry, _ image: DriverImage) async throws(EngineError) {
        try await replace(entry, image, entry.storage.ready?.serving, DriverImage.storage)
        try await replace(entry, image, entry.network.ready?.serving, DriverImage.network)
        try await replace(entry, image, entry.volume.ready?.serving, DriverImage.volume)
    }

    private func replace<Instance: Sendable>(
        _ entry: DriverEntry, _ image: DriverImage, _ serving: Serving<Instance>?, _ opening: @escaping Opening<Instance>
    ) async throws(EngineError) {
        guard let serving else { return }
        try await serving.replace(atMost: configuration.callDeadline) { () async throws(EngineError) -> Serving<Instance>.Current in
            try await self.open(entry, image, opening)
        } close: {
            ($0 as? any DriverInstance)?.close()
        }
    }

    /// Calls that are in drivers now, the oldest first.
    public func callsUnderWay() -> [DriverCallStatus] {
        let now = monotonicTime()
        let calls = allEntries.flatMap { entry in
            entry.counters.values.running.values.map {
                DriverCallStatus(kind: entry.kind, driver: entry.name, operation: $0.operation, age: now - $0.begin)
            }
        }
        return calls.sorted { $0.age > $1.age }
    }

    /// Drivers in which a call is, or before which one waits.
    public func activity() -> [DriverActivity] {
        allEntries.compactMap { entry in
            let values = entry.counters.values
            func calls(_ all: [ObjectIdentifier: RunningCall]) -> [DriverActivity.Call] {
                all.values.map { DriverActivity.Call(operation: $0.operation, since: $0.begin) }.sorted { $0.since < $1.since }
            }
            let activity = DriverActivity(
                kind: entry.kind, name: entry.name, running: calls(values.running), waiting: calls(values.waiting), hanging: values.hanging, gate: entry.gateStatus)
            return activity.isIdle ? nil : activity
        }
    }
}
