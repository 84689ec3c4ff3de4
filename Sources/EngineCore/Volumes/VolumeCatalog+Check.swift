import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import Logging
import StateStore

extension VolumeCatalog: Reconciled {
    func discrepancies(deep: Bool) async -> [Discrepancy] {
        var found: [Discrepancy] = []
        let standard = registry.defaultName(.volume)
        for driver in Set(volumes.values.map(\.driver)).union([standard]).sorted() {
            do throws(EngineError) { found += try await discrepancies(of: driver, takesIn: driver == standard) } catch {
                found.append(Discrepancy(.driver, "volume/\(driver)", "its volumes could not be looked at: \(error)"))
            }
        }
        return found
            + remains.keys.filter { !isBusy($0) }.sorted().map { name in
                Discrepancy(.volume, name, "it was being made or removed, and its files or its record are left", .remove) { [self] () async throws(EngineError) in try await clearRemains(name) }
            }
    }

    private func discrepancies(of driver: String, takesIn: Bool) async throws(EngineError) -> [Discrepancy] {
        let before = volumes.filter { !isBusy($0.key) }
        let present = try await registry.volume(driver).walk()
        let names = Set(present.map(\.name))
        let missing = before.values.filter { $0.driver == driver && !names.contains($0.name) && volumes[$0.name] == $0 && !isBusy($0.name) }
        let unknown = present.filter { before[$0.name] == nil && volumes[$0.name] == nil && remains[$0.name] == nil && !isBusy($0.name) }
        return missing.sorted { $0.name < $1.name }.map { Discrepancy(.volume, $0.name, "its files are gone from the driver \(driver), or it can't read them; bring them back, or remove the volume") }
            + unknown.filter { _ in takesIn }.map { volume in
                Discrepancy(.volume, volume.name, "the driver \(driver) has it, and it has no record", .restore) { [self] () async throws(EngineError) in try await takeIn(volume, driver) }
            }
    }

    /// A lost database costs no data.
    private func takeIn(_ found: Volume, _ driver: String) async throws(EngineError) {
        await enter(found.name, "take in")
        defer { leave(found.name) }
        guard volumes[found.name] == nil, remains[found.name] == nil, try await registry.volume(driver).walk().contains(where: { $0.name == found.name }) else { return }
        let volume = VolumeSnapshot(name: found.name, driver: driver, mountpoint: found.mountpoint, created: found.created)
        try await store.save(volume)
        volumes[found.name] = volume
        logger.notice("took in a volume that the state did not know", metadata: ["volume": "\(found.name)"])
    }
}
