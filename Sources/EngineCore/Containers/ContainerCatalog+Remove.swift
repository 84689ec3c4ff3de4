import ContainerRuntime
import DriverHost
import EngineErrors
public import EngineModel
import Glibc
import LinuxSystem
import Logging
import StateStore

extension ContainerCatalog {
    public func remove(_ reference: String, force: Bool, volumes: Bool) async throws {
        let entry = try entry(reference)
        defer { if force { entry.isKept = false } }
        if force && entry.isHalting {
            // Whoever gives it time to end holds its lane.
            entry.isKept = true
            try await halt(entry, signal: "SIGKILL", timeout: 0)
        }
        try await inLane(entry, "remove") {
            if [.running, .paused, .restarting].contains(entry.snapshot.status.state) {
                guard force else { throw Self.isRunning(entry.snapshot) }
                entry.isKept = true
                try await halt(entry, signal: "SIGKILL", timeout: 0)
            }
            try await times.measure(.delete) { try await erase(entry, volumes: volumes) }
        }
    }

    private static func isRunning(_ container: ContainerSnapshot) -> EngineError {
        let what = container.status.state == .paused ? "paused" : container.status.state == .restarting ? "restarting" : "running"
        let advice = what == "paused" ? "unpause and then stop the container before removing or force remove" : "stop the container before removing or force remove"
        return EngineError(.conflict, "cannot remove container \"/\(container.name)\": container is \(what): \(advice)")
    }

    /// `--rm`: nobody waits for the answer, so a failure is only logged. The container stays for another try.
    func removeQuietly(_ entry: Entry) async {
        do { try await times.measure(.delete) { try await erase(entry, volumes: true) } } catch {
            logger.error("a container was not removed after its end", metadata: ["container": "\(entry.snapshot.id)", "error": "\(error)"])
            entry.snapshot.status.state = .dead
            entry.snapshot.status.error = "\(error)"
            await saveStatus(entry)
            finishWaiters(entry, removed: true)
        }
    }

    /// The record goes first: what is left after a crash has no owner and is removed at the next boot.
    private func erase(_ entry: Entry, volumes: Bool) async throws(EngineError) {
        let container = entry.snapshot, before = container.status.state
        entry.snapshot.status.state = .removing
        entry.dropAttached { _ in true }
        do {
            if !volumes { try await environment.volumes.disown(container.id) }
            try await entry.record.run("remove") { () async throws(EngineError) in
                try await environment.store.remove(ContainerSnapshot.self, container.id)
                entries[container.id] = nil
            }
        } catch {
            entry.snapshot.status.state = before
            throw error
        }
        forgetShim(container.id)
        names[container.name] = nil
        departing.insert(container.id)
        defer { departing.remove(container.id) }
        for exec in entry.execs { execs[exec] = nil }
        do {
            let storage = try await environment.registry.storage(container.storageDriver)
            entry.lane.waits(for: "storage/\(container.storageDriver) remove")
            try await storage.remove(layer(container.id))
        } catch {
            if error.code != .notFound {
                logger.error("a container's layer was not removed", metadata: ["container": "\(container.id)", "error": "\(error)"])
                Leftovers.shared.note()
            }
        }
        FailPoint.after("container.remove.layer")
        let folder = directory(container.id)
        do throws(EngineError) { try await BlockingCalls.run { try Files.removeTree(folder) } } catch {
            logger.error("a container's folder was not removed", metadata: ["container": "\(container.id)", "error": "\(error)"])
            Leftovers.shared.note()
        }
        FailPoint.after("container.remove.folder")
        if volumes {
            for point in container.mounts where point.kind == .volume { await dropAnonymous(point.name) }
        }
        FailPoint.after("container.remove.volumes")
        publish("destroy", container)
        entry.snapshot.status = container.status
        finishWaiters(entry, removed: true)
    }

    public func prune(_ filter: @Sendable (ContainerSnapshot) -> Bool) async throws -> (ids: [String], bytes: Int64) {
        var ids: [String] = [], bytes: Int64 = 0
        for container in await list() where [.created, .exited, .dead].contains(container.status.state) && filter(container) {
            let size = (try? await size(container.id).written) ?? 0
            do {
                try await remove(container.id, force: false, volumes: false)
                ids.append(container.id)
                bytes += size
            } catch let error as EngineError where error.code == .conflict || error.code == .notFound {
                continue
            }
        }
        return (ids, bytes)
    }
}
