import ContainerRuntime
import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import Glibc
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
        await adoptAll()
        await removeOrphans()
        await resumeAll()
    }

    /// Kernel objects and layers that carry our mark and belong to no record.
    private func removeOrphans() async {
        await removeUnknown()
        await removeLeftVolumes()
        removeLeftFolders()
        let live = Set(entries.values.filter { $0.running != nil }.flatMap { $0.snapshot.networks.map(\.endpointID) })
        await environment.networks.reconcile(live: live)
        for driver in Set(entries.values.map(\.snapshot.storageDriver)).union(environment.registry.storageInUse) {
            await removeOrphanLayers(driver)
        }
    }

    /// Of containers that were being created or removed.
    private func removeLeftVolumes() async {
        let used = Set(entries.values.flatMap { $0.snapshot.mounts.map(\.name) })
        for volume in await environment.volumes.owned() where entries[volume.owner ?? ""] == nil && !used.contains(volume.name) {
            await dropAnonymous(volume.name)
        }
    }

    /// Of containers that were being created or removed. What has another name is not ours.
    private func removeLeftFolders() {
        for name in (try? Files.list("\(environment.defaults.dataRoot)/containers")) ?? [] where entries[name] == nil && Identifier.isFull(name) {
            do throws(Errno) { try Files.removeTree(directory(name)) } catch {
                logger.warning("the folder of a container that is gone was not removed", metadata: ["container": "\(name)", "error": "\(error)"])
            }
        }
    }

    private func removeOrphanLayers(_ driver: String) async {
        do {
            let storage = try await environment.registry.storage(driver)
            for snapshot in try await storage.walk() where snapshot.state == .active {
                guard let container = ContainerLayer.container(ofSnapshot: snapshot.key) else { continue }
                // One that is elsewhere was being migrated, or had been.
                if entries[container]?.snapshot.storageDriver != driver { try await storage.remove(snapshot.key) }
            }
        } catch {
            logger.warning("layers without a container were not removed", metadata: ["driver": "\(driver)", "error": "\(error)"])
        }
    }
}
