import ContainerRuntime
import DriverHost
import EngineErrors
import EngineModel
import Glibc
import LinuxSystem
import Logging
import StateStore

extension ContainerCatalog {
    /// Changes a container's log driver. A running container's output goes to the new one from the next line on; what
    /// was written before stays where it is, and `logs` shows it first. After an error nothing has changed.
    public func changeLog(_ reference: String, driver: String, options: [String: String]) async throws {
        let entry = try entry(reference)
        try await inLane(entry, "change of the log driver") {
            guard entries[entry.snapshot.id] === entry else { throw EngineError(.notFound, "No such container: \(reference)") }
            let name = driver.isEmpty ? entry.snapshot.host.logDriver : driver
            let log = try await environment.registry.log(name, options: options)
            let before = entry.snapshot
            var after = before
            after.formerLogs = before.logSegments
            after.logFolder = "log-\(before.logSegments.count + 1)"
            after.host.logDriver = log.name
            after.host.logOptions = options
            entry.movesOutput = true
            defer { endMove(entry) }
            try await record(after, entry)
            FailPoint.after("container.log.record")
            do { try await moveOutput(entry, to: log) } catch {
                try? await record(before, entry)
                try? Files.removeTree(logDirectory(before.id, after.logFolder))
                throw error
            }
            FailPoint.after("container.log.move")
            publish("update", entry.snapshot)
        }
    }

    private func endMove(_ entry: Entry) {
        entry.movesOutput = false
        for waiter in entry.moveWaiters { waiter.resume() }
        entry.moveWaiters = []
    }

    /// A reader that goes on to the next part too early would miss the last lines of the one before.
    func waitForMove(_ entry: Entry) async {
        if entry.movesOutput { await withCheckedContinuation { entry.moveWaiters.append($0) } }
    }

    /// Moves the logs of running containers to the version of their driver that serves now, one after the other. One
    /// that can't be moved stays with the version that it has.
    public func renewLogs(of driver: String) async {
        for container in await list() where container.host.logDriver == driver && [.running, .paused].contains(container.status.state) {
            do { try await changeLog(container.id, driver: driver, options: container.host.logOptions) } catch {
                logger.warning("a container's log stays with the old version of its driver", metadata: ["container": "\(container.id)", "error": "\(error)"])
            }
        }
    }

    /// Before the shim is told: a daemon that is killed in between leaves a log that is read whole.
    private func record(_ snapshot: ContainerSnapshot, _ entry: Entry) async throws {
        do throws(Errno) { try Files.makeDirectories(logDirectory(snapshot.id, snapshot.logFolder), mode: 0o710) } catch {
            throw EngineError(.internal, "the log of container \(snapshot.name) has no folder: \(error)", errno: error.code, underlying: error)
        }
        FailPoint.after("container.log.folder")
        try await change(entry) {
            $0.formerLogs = snapshot.formerLogs
            $0.logFolder = snapshot.logFolder
            $0.host.logDriver = snapshot.host.logDriver
            $0.host.logOptions = snapshot.host.logOptions
        }
    }

    /// A change that a killed daemon had written down and not carried out: it is carried out now, or taken back.
    func finishLogChange(_ id: String) async {
        guard let entry = entries[id] else { return }
        entry.isLogBehind = false
        let container = entry.snapshot
        do {
            let log = try await environment.registry.log(container.host.logDriver, options: container.host.logOptions)
            do { try await moveOutput(entry, to: log) } catch {
                guard let former = container.formerLogs?.last else { throw error }
                var before = container
                before.formerLogs = container.formerLogs?.dropLast()
                before.logFolder = former.folder
                before.host.logDriver = former.driver
                before.host.logOptions = former.options
                try await record(before, entry)
                throw error
            }
        } catch {
            logger.warning("the log driver of a container was not changed", metadata: ["container": "\(container.id)", "error": "\(error)"])
        }
    }

    private func moveOutput(_ entry: Entry, to log: LogDriverReference) async throws(EngineError) {
        guard let running = entry.running else { return }
        entry.lane.waits(for: "its shim, which opens log/\(log.name)")
        let container = entry.snapshot
        let specification = ContainerAssembly.log(container, log, environment.defaults, directory: logDirectory(container.id, container.logFolder))
        do throws(EngineError) { try await running.replaceLog(specification, mark: environment.defaults.mark) } catch {
            // It ended before the answer: its last lines may be in either log, so both stay, as with one that is stopped.
            if error.code == .unavailable { return }
            // Its end was quicker.
            if error.errno == ESRCH || running.hasExited {
                throw EngineError(.conflict, "container \(container.id) is not running", underlying: error)
            }
            throw EngineError(
                error.code, "the log driver of container \(container.name) was not changed to \(log.name), and its output goes where it went: \(error.message)",
                errno: error.errno, underlying: error)
        }
    }
}
