import DriverHost
import DriverKit
import EngineErrors
public import EngineModel
import LinuxSystem
import Logging
import StateStore

extension VolumeCatalog {
    /// With `force` a volume that does not exist, or whose driver fails, is no error; one in use still is.
    public func removeVolume(_ name: String, force: Bool) async throws {
        await enter(name, "remove")
        defer { leave(name) }
        guard let volume = volumes[name] else {
            if force { return }
            throw VolumeFailure.missing("get", name)
        }
        let users = await referrers(of: name)
        if !users.isEmpty { throw VolumeFailure.inUse(name, users) }
        try await drop(volume, force: force)
    }

    /// Removes volumes that no container refers to, only anonymous ones unless `all`.
    /// - Returns: their names, and the bytes that became free.
    public func pruneVolumes(all: Bool, _ filter: @Sendable (VolumeSnapshot) -> Bool) async throws -> (names: [String], bytes: Int64) {
        var names: [String] = []
        var bytes: Int64 = 0
        for volume in try await listVolumes() where (all || volume.isAnonymous) && filter(volume) {
            guard let freed = await pruneOne(volume.name) else { continue }
            names.append(volume.name)
            bytes += freed
        }
        let reclaimed = ["reclaimed": "\(bytes)"]
        events.publish(EngineEvent(.volume, "prune", actor: "", attributes: reclaimed, time: Clock.now()))
        return (names, bytes)
    }

    /// - Returns: the bytes that became free; nil when it stays.
    private func pruneOne(_ name: String) async -> Int64? {
        await enter(name, "remove if nobody uses it")
        defer { leave(name) }
        guard let volume = volumes[name], await referrers(of: name).isEmpty else { return nil }
        let usage = try? await registry.volume(volume.driver).usage(name)
        do throws(EngineError) {
            try await drop(volume, force: false)
            return usage?.bytes ?? 0
        } catch {
            logger.warning("an unused volume could not be removed", metadata: ["volume": "\(name)", "error": "\(error)"])
            return nil
        }
    }

    /// The record says that it goes, then the driver's part goes, then the record: a crash in between is finished at the
    /// next start.
    private func drop(_ volume: VolumeSnapshot, force: Bool) async throws(EngineError) {
        var leaving = volume
        leaving.isUnfinished = true
        var isSaid = true
        // On a full disk it goes without: that makes room.
        do throws(EngineError) { try await store.save(leaving) } catch  where error.code == .resourceExhausted { isSaid = false }
        do throws(EngineError) {
            try await removeFiles(of: volume)
        } catch  where force {
            logger.notice("a volume's driver could not remove it", metadata: ["volume": "\(volume.name)", "error": "\(error)"])
        } catch {
            try? await store.save(volume)
            throw VolumeFailure.prefixed("remove \(volume.name)", error)
        }
        FailPoint.after("volume.remove.driver")
        volumes[volume.name] = nil
        do throws(EngineError) { try await store.remove(VolumeSnapshot.self, volume.name) } catch {
            logger.warning("the record of a removed volume stays for now", metadata: ["volume": "\(volume.name)", "error": "\(error)"])
            remains[volume.name] = volume
            Leftovers.shared.note()
            if !isSaid { throw VolumeFailure.prefixed("the volume \(volume.name) is removed, and its record will be as soon as that can be done", error) }
        }
        announce("destroy", volume)
    }

    /// One that its driver does not have is removed.
    private func removeFiles(of volume: VolumeSnapshot) async throws(EngineError) {
        let instance = try await registry.volume(volume.driver)
        do throws(EngineError) { try await instance.remove(volume.name) } catch  where error.code == .notFound {}
    }

    /// Removes what is left of a volume that was being made or removed, its record last. In its lane.
    func clear(_ volume: VolumeSnapshot) async throws(EngineError) {
        remains[volume.name] = volume
        try await removeFiles(of: volume)
        try await store.remove(VolumeSnapshot.self, volume.name)
        remains[volume.name] = nil
    }

    func clearRemains(_ name: String) async throws(EngineError) {
        await enter(name, "remove what is left")
        defer { leave(name) }
        if let volume = remains[name] { try await clear(volume) }
    }
}
