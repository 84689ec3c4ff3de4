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
        for entry in entries.values { await adopt(entry) }
        await removeOrphans()
        for entry in entries.values where entry.running == nil { await afterBoot(entry) }
    }

    private func adopt(_ entry: Entry) async {
        let id = entry.snapshot.id
        guard [.running, .paused, .restarting].contains(entry.snapshot.status.state) else { return }
        switch await environment.runtime.adopt(id, pid: entry.snapshot.status.pid, cgroup: cgroup(id)) {
        case .running(let running, let processes):
            entry.running = running
            entry.snapshot.status.pid = running.pid
            if entry.snapshot.status.state == .restarting { entry.snapshot.status.state = .running }
            for endpoint in entry.snapshot.networks where !endpoint.endpointID.isEmpty {
                await environment.networks.adopt(endpoint, container: id)
            }
            for exec in processes { restoreExec(exec.id, exec.pid, exec.code, entry) }
            watch(entry, running)
        case .exited(let code, let time): await markEnded(entry, code, time)
        // The shim left no word: the machine was restarted, or it was killed.
        case .nothing: await markEnded(entry, 255, entry.snapshot.status.finished == 0 ? Clock.now() : max(entry.snapshot.status.finished, entry.snapshot.status.started))
        }
    }

    private func restoreExec(_ id: String, _ pid: Int32, _ code: Int32?, _ entry: Entry) {
        var exec = ExecSnapshot(id: id, container: entry.snapshot.id, arguments: [])
        exec.running = code == nil
        exec.exitCode = code
        exec.pid = pid
        execs[id] = exec
        entry.execs.insert(id)
    }

    private func markEnded(_ entry: Entry, _ code: Int32, _ time: Int64) async {
        await release(entry)
        entry.snapshot.status.state = .exited
        entry.snapshot.status.pid = 0
        entry.snapshot.status.exitCode = code
        entry.snapshot.status.finished = time
        for index in entry.snapshot.networks.indices { entry.snapshot.networks[index].ports = [] }
        await saveStatus(entry)
        publish("die", entry.snapshot, ["exitCode": "\(code)"])
        entry.needsDecision = true
    }

    /// `--rm` and restart policies, for what ended while no daemon was there.
    private func afterBoot(_ entry: Entry) async {
        let wasAlive = entry.needsDecision
        entry.needsDecision = false
        if entry.snapshot.host.autoRemove && wasAlive { return await removeQuietly(entry) }
        let policy = entry.snapshot.host.restartPolicy.name
        let wanted: Bool =
            switch policy {
            case .no: false
            case .always: entry.snapshot.status.started != 0
            case .unlessStopped: entry.snapshot.status.started != 0 && !entry.snapshot.stoppedByUser
            case .onFailure: wasAlive && entry.snapshot.status.exitCode != 0
            }
        guard wanted else { return }
        do { try await run(entry) } catch {
            logger.error("a container was not restarted", metadata: ["container": "\(entry.snapshot.id)", "error": "\(error)"])
            entry.snapshot.status.error = "\(error)"
            await saveStatus(entry)
        }
    }

    /// Kernel objects and layers that carry our mark and belong to no record.
    private func removeOrphans() async {
        for id in environment.runtime.known() where entries[id] == nil {
            switch await environment.runtime.adopt(id, pid: 0, cgroup: cgroup(id)) {
            case .running(let running, _):
                running.signal(SIGKILL)
                await running.end(within: .seconds(Self.shimPatience))
            default: break
            }
            await cleanAside(id)
        }
        let live = Set(entries.values.filter { $0.running != nil }.flatMap { $0.snapshot.networks.map(\.endpointID) })
        await environment.networks.reconcile(live: live)
        for driver in Set(entries.values.map(\.snapshot.storageDriver)).union(environment.registry.storageInUse) {
            await removeOrphanLayers(driver)
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
