import ContainerRuntime
import EngineModel
import FoundationEssentials
import Glibc
import LinuxCgroups
import Logging

// At boot: what became of the containers that an earlier daemon started.
extension ContainerCatalog {
    /// Takes back what runs, and writes down what ended meanwhile. All shims are asked at the same time.
    func adoptAll() async {
        let runtime = environment.runtime, known = Set(runtime.known())
        await withDiscardingTaskGroup { group in
            for entry in entries.values {
                let id = entry.snapshot.id, status = entry.snapshot.status, path = cgroup(id)
                guard status.isAlive || status.pid != 0 || known.contains(id) else { continue }
                group.addTask {
                    await self.adopt(id, await runtime.adopt(id, pid: status.pid, cgroup: path))
                }
            }
        }
    }

    private func adopt(_ id: String, _ found: ContainerRuntime.Found) async {
        guard let entry = entries[id] else { return }
        let status = entry.snapshot.status
        switch found {
        // Its start was written down before the process was let go.
        case .running(let running, let state) where state.started != 0 && (status.isAlive || status.pid == running.pid):
            await takeBack(entry, running, state)
        case .running(let running, _):
            await end(running)
            await forgetStart(entry)
        case .ended(let code, let time, let outOfMemory) where status.isAlive || status.pid != 0:
            entry.snapshot.status.oomKilled = outOfMemory || (status.isAlive && status.oomKilled)
            if !status.isAlive { started(entry, time) }
            await over(entry, code, time)
        case .lost where status.isAlive: await over(entry, 128 + SIGKILL, Clock.now())
        case .nothing where status.isAlive: await over(entry, 255, max(status.started, Clock.boot()))
        // An end that is written down, or a start that never came to anything.
        case .ended, .lost, .nothing: await forgetStart(entry)
        }
    }

    private func takeBack(_ entry: Entry, _ running: RunningContainer, _ state: ShimState) async {
        let id = entry.snapshot.id, before = entry.snapshot, wasAlive = before.status.isAlive
        entry.running = running
        entry.snapshot.status.pid = running.pid
        entry.snapshot.status.state = state.isFrozen ? .paused : .running
        if !wasAlive { started(entry, state.started ?? Clock.now()) }
        for endpoint in entry.snapshot.networks where !endpoint.endpointID.isEmpty { await environment.networks.adopt(endpoint, container: id) }
        for point in entry.snapshot.mounts where point.kind == .volume { await environment.volumes.adopt(point.name, user: id) }
        for exec in state.execs { restoreExec(exec, entry) }
        entry.isLogBehind = state.logDirectory.map { !$0.isEmpty && $0 != logDirectory(id, entry.snapshot.logFolder) } ?? false
        watch(entry, running)
        if !wasAlive { publish("start", entry.snapshot) }
        if entry.snapshot != before { await saveStatus(entry) }
    }

    /// What its record calls its next process has run: a restart has come to its end.
    private func started(_ entry: Entry, _ time: Int64) {
        entry.snapshot.status.started = time
        entry.snapshot.isBeingRestarted = nil
    }

    private func restoreExec(_ state: ShimState.Exec, _ entry: Entry) {
        let id = entry.snapshot.id
        var exec = (try? JSONDecoder().decode(ExecSnapshot.self, from: Data(state.note))) ?? ExecSnapshot(id: state.id, container: id, arguments: [])
        exec.running = state.code == nil
        exec.exitCode = state.code
        exec.pid = state.pid
        execs[exec.id] = exec
        entry.execs.append(exec.id)
    }

    private func over(_ entry: Entry, _ code: Int32, _ time: Int64) async {
        entry.restartDelay = Self.delay(afterRestarts: entry.snapshot.restartCount)
        await release(entry)
        await settle(entry, code, time)
    }

    nonisolated func end(_ running: RunningContainer) async {
        running.signal(SIGKILL)
        await running.end(within: .seconds(Self.shimPatience))
    }

    /// The container is what it was before a start that nobody was told of, or after an end that is written down already:
    /// what may be left of that goes.
    private func forgetStart(_ entry: Entry) async {
        await release(entry)
        forgetShim(entry.snapshot.id)
        guard entry.snapshot.status.pid != 0 else { return }
        entry.snapshot.status.pid = 0
        // The attempt that is made now counts.
        if entry.snapshot.status.state == .restarting { entry.snapshot.restartCount = max(0, entry.snapshot.restartCount - 1) }
        entry.snapshot.closePorts()
        await saveStatus(entry)
    }

    // MARK: what is due then

    /// `--rm`, restart policies, and changes of a log that were under way, for what is here now.
    func resumeAll() async {
        await withDiscardingTaskGroup { group in
            for (id, entry) in entries where entry.isLogBehind { group.addTask { await self.finishLogChange(id) } }
        }
        for entry in entries.values {
            if entry.running == nil { await resume(entry) } else if entry.snapshot.isBeingRestarted != nil { finishRestart(entry) }
        }
    }

    /// A restart that a killed daemon had begun. Its signal may be under way, so it is carried out.
    private func finishRestart(_ entry: Entry) {
        let id = entry.snapshot.id
        entry.restart = Task { [weak self] in await self?.restartQuietly(id) }
    }

    private func restartQuietly(_ id: String) async {
        do { try await restart(id, signal: nil, timeout: nil) } catch {
            logger.error("a container was not restarted", metadata: ["container": "\(id)", "error": "\(error)"])
        }
    }

    private func resume(_ entry: Entry) async {
        let snapshot = entry.snapshot, status = snapshot.status
        switch status.state {
        case .exited where snapshot.host.autoRemove, .dead where snapshot.host.autoRemove: await removeQuietly(entry)
        case .restarting where entry.restart == nil:
            entry.restartDelay = Self.delay(afterRestarts: snapshot.restartCount)
            scheduleRestart(entry, .policy, isLateBy: .nanoseconds(max(0, Clock.now() - status.finished)))
        case .exited where status.started != 0 && snapshot.host.restartPolicy.startsAtBoot(stoppedByUser: snapshot.stoppedByUser):
            entry.snapshot.status.state = .restarting
            scheduleRestart(entry, .boot, isLateBy: entry.restartDelay)
        default: break
        }
    }
}

extension ContainerStatus {
    /// It has a process, or is to have one again.
    fileprivate var isAlive: Bool { state == .running || state == .paused }
}

extension RestartPolicy {
    /// For a container that was down before.
    fileprivate func startsAtBoot(stoppedByUser: Bool) -> Bool { name == .always || (name == .unlessStopped && !stoppedByUser) }
}
