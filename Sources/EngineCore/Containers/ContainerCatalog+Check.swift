import ContainerRuntime
import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import Glibc
import LinuxSystem

extension ContainerCatalog: Reconciled {
    /// A container that nobody is changing.
    struct Settled: Equatable {
        var snapshot: ContainerSnapshot
        var isRunning: Bool
    }

    private var settled: [String: Settled] {
        entries.filter { !$0.value.isChanging }.mapValues { Settled(snapshot: $0.snapshot, isRunning: $0.running != nil) }
    }

    func discrepancies(deep: Bool) async -> [Discrepancy] {
        let before = settled, knownBefore = departing.union(entries.keys)
        let world: ContainerWorld
        do throws(EngineError) { world = try await ContainerWorld.look(environment, storage: storageDrivers) } catch {
            return [Discrepancy(.container, "all", "the containers could not be looked at: \(error)")]
        }
        let after = settled
        let comparison = ContainerComparison(
            catalog: self, world: world, containers: before.filter { after[$0.key] == $0.value },
            known: knownBefore.union(departing).union(entries.keys))
        return comparison.all() + strayExecs() + unsavedEnds()
    }

    private func unsavedEnds() -> [Discrepancy] {
        entries.filter(\.value.isEndUnsaved).keys.sorted().map { id in
            Discrepancy(.container, id, "its end could not be written down", .record) { [self] () async throws(EngineError) in try await saveEnd(id) }
        }
    }

    private var storageDrivers: Set<String> { Set(entries.values.map(\.snapshot.storageDriver)).union(environment.registry.storageInUse) }

    private func strayExecs() -> [Discrepancy] {
        execs.values.filter { entries[$0.container] == nil }.map { exec in
            Discrepancy(.exec, exec.id, "of the container \(exec.container), which does not exist", .remove) { [self] () async throws(EngineError) in
                await forgetExec(exec.id)
            }
        }
    }

    private func forgetExec(_ id: String) { execs[id] = nil }
}

extension ContainerCatalog.Entry {
    /// Somebody is at work on it, or will be in a moment.
    var isChanging: Bool { isBeingCreated || isEnding || !lane.isIdle || restart != nil || running?.hasExited == true }
}
