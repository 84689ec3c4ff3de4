import DriverHost
import DriverKit
import EngineErrors
public import EngineModel
import LinuxSystem
import Logging
import StateStore

extension VolumeCatalog {
    private static let anonymousLabel = "com.docker.volume.anonymous"

    /// Idempotent for the same driver. An empty name makes an anonymous volume; an empty driver is that of the
    /// volume that exists, or the default.
    /// - Throws: `.invalidArgument` for a name or option that can't be, `.conflict` when another driver has the
    ///   name, `.notFound` for a driver that does not exist.
    public func createVolume(
        name: String, driver: String, options: [String: String], labels: [String: String]
    ) async throws -> VolumeSnapshot {
        try await createVolume(name: name, driver: driver, options: options, labels: labels, owner: nil)
    }

    /// - Parameter owner: the container that an anonymous volume is made for, and goes with.
    func createVolume(
        name wanted: String, driver: String, options: [String: String], labels: [String: String], owner: String?
    ) async throws -> VolumeSnapshot {
        let isAnonymous = wanted.isEmpty
        let name = isAnonymous ? Identifier.random() : wanted
        try VolumeFailure.checkName(name)
        await enter(name, "create")
        defer { leave(name) }
        // Whoever names no driver means the volume that exists, whatever holds it.
        if driver.isEmpty, let existing = volumes[name] { return existing }
        if let rest = remains[name] {
            do throws(EngineError) { try await clear(rest) } catch {
                throw VolumeFailure.prefixed("create \(name): what is left of an earlier volume of that name can't be removed", error)
            }
        }
        let instance = try await instance(driver, for: name)
        if let existing = volumes[name] {
            if existing.driver != instance.name { throw VolumeFailure.otherDriver(name) }
            return existing
        }
        var labels = labels
        if isAnonymous { labels[Self.anonymousLabel] = "" }
        var volume = VolumeSnapshot(
            name: name, driver: instance.name, options: options, labels: labels, isAnonymous: isAnonymous || labels[Self.anonymousLabel] != nil,
            owner: isAnonymous ? owner : nil, created: Clock.now())
        // Before it exists: what a killed daemon leaves of it goes. What the driver had before stays.
        let isNew = isAnonymous ? true : try await find(name, instance) == nil
        volume.isUnfinished = isNew ? true : nil
        if isNew { try await store.save(volume) }
        do {
            volume.mountpoint = try await make(name, options, instance)
            FailPoint.after("volume.create.driver")
            volume.isUnfinished = nil
            if volume.owner == nil { try await store.save(volume) } else { try await store.saveRelaxed(volume) }
        } catch {
            if isNew { await Leftovers.remove { try await clear(volume) } }
            throw error
        }
        volumes[name] = volume
        announce("create", volume)
        return volume
    }

    private func instance(_ driver: String, for name: String) async throws(EngineError) -> VolumeInstance {
        do throws(EngineError) {
            return try await registry.volume(driver.isEmpty ? nil : driver)
        } catch  where error.code == .notFound && !driver.isEmpty {
            throw VolumeFailure.prefixed("create \(name): error looking up volume plugin \(driver)", error)
        } catch {
            throw VolumeFailure.prefixed("create \(name)", error)
        }
    }

    /// - Returns: its place on the host.
    private func make(_ name: String, _ options: [String: String], _ instance: VolumeInstance) async throws(EngineError) -> String {
        do throws(EngineError) {
            try await instance.create(name, options: options)
        } catch  where error.code == .conflict && options.isEmpty {
            // The driver has it and the state does not: made by a call that a crash cut short.
            logger.notice("took in a volume that the state did not know", metadata: ["volume": "\(name)"])
        } catch {
            throw VolumeFailure.prefixed("create \(name)", error)
        }
        return try await find(name, instance)?.mountpoint ?? ""
    }

    private func find(_ name: String, _ instance: VolumeInstance) async throws(EngineError) -> Volume? {
        try await instance.walk().first { $0.name == name }
    }
}
