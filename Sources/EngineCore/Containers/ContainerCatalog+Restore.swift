import ContainerRuntime
import EngineErrors
import EngineModel
import LinuxSystem
import Logging
import StateStore

extension ContainerCatalog {
    /// At boot: takes back what runs, records what ended meanwhile, removes what has no owner.
    func restore() async throws(EngineError) {
        do throws(Errno) {
            for name in ["containers", "scratch"] { try Files.makeDirectories("\(environment.defaults.dataRoot)/\(name)", mode: 0o710) }
        } catch {
            throw EngineError(.internal, "the folders for containers can't be made: \(error)", errno: error.code)
        }
        for container in try environment.store.load(ContainerSnapshot.self) {
            entries[container.id] = Entry(container)
            names[container.name] = container.id
        }
        FailPoint.after("boot.containers.load")
        await adoptAll()
        await unmountLeftVolumes()
        FailPoint.after("boot.containers.adopt")
        await environment.networks.setUp()
        await discrepancies(deep: false).mendAtBoot(logger)
        await environment.networks.discrepancies(deep: false).mendAtBoot(logger)
        await removeLeftVolumes()
        FailPoint.after("boot.orphans.remove")
        await resumeAll()
    }

    /// A driver that counts a volume's users may have counted one whose start was cut short before it had a process.
    private func unmountLeftVolumes() async {
        let volumes = environment.volumes
        await withDiscardingTaskGroup { group in
            for entry in entries.values where entry.running == nil {
                let id = entry.snapshot.id
                for point in entry.snapshot.mounts where point.kind == .volume { group.addTask { await volumes.unmount(point.name, user: id) } }
            }
        }
    }

    /// Of containers that were being created or removed, unless their record was set aside.
    private func removeLeftVolumes() async {
        guard environment.store.setAsideDatabases.isEmpty, let records = try? environment.store.setAsideRecords() else { return }
        let heldBack = Set(records.filter { $0.kind == ContainerSnapshot.kind }.map(\.id))
        let used = Set(entries.values.flatMap { $0.snapshot.mounts.map(\.name) })
        for volume in await environment.volumes.owned() {
            guard let owner = volume.owner, entries[owner] == nil, !heldBack.contains(owner), !used.contains(volume.name) else { continue }
            await dropAnonymous(volume.name)
        }
    }
}
