import ContainerRuntime
import EngineModel
import Glibc
import LinuxCgroups
import Logging

extension ContainerCatalog {
    /// Follows a running container to its end.
    func watch(_ entry: Entry, _ running: RunningContainer) {
        let id = entry.snapshot.id
        entry.monitor = Task { [weak self] in
            var exit: (code: Int32, time: Int64)?
            var lost: Int64 = 0
            for await event in running.events {
                switch event {
                case .exited(let process, let code, _) where !process.isEmpty: await self?.execExited(process, code)
                case .exited(_, let code, let time):
                    exit = (code, time)
                    await self?.ended(id, running, code, time, lost: lost)
                case .logLost(let lines): lost = lines
                case .ended: break
                }
            }
            // The shim went without a word: it was killed, and the container with it, or its word did not reach us.
            if exit == nil {
                let last = running.recordedExit ?? (code: 137, time: Clock.now())
                await self?.ended(id, running, last.code, last.time, lost: 0)
            }
        }
    }

    private func ended(_ id: String, _ running: RunningContainer, _ code: Int32, _ time: Int64, lost: Int64) async {
        guard let entry = entries[id], entry.running === running else { return }
        let wasKilledForMemory = code == 128 + SIGKILL && running.cgroup.oomKilled()
        for exec in entry.execs { execExited(exec, 137) }
        await release(entry)
        // Until here whoever stops or removes it waits for its end: the record of a removed container must not come back.
        entry.running = nil
        entry.snapshot.status.state = .exited
        entry.snapshot.status.pid = 0
        entry.snapshot.status.exitCode = code
        entry.snapshot.status.oomKilled = wasKilledForMemory
        entry.snapshot.status.finished = time
        for index in entry.snapshot.networks.indices { entry.snapshot.networks[index].ports = [] }
        if wasKilledForMemory { publish("oom", entry.snapshot) }
        var facts = ["exitCode": "\(code)", "execDuration": "\(max(0, time - entry.snapshot.status.started) / 1_000_000_000)"]
        if lost > 0 {
            facts["lostLogLines"] = "\(lost)"
            logger.warning(
                "lines of a container are in no log: its driver failed or did not keep up",
                metadata: ["container": "\(id)", "driver": "\(entry.snapshot.host.logDriver)", "lines": "\(lost)"])
        }
        publish("die", entry.snapshot, facts)
        if entry.snapshot.host.autoRemove {
            finishWaiters(entry)
            return await removeQuietly(entry)
        }
        let restarts = shouldRestart(entry)
        if restarts { entry.snapshot.status.state = .restarting }
        await saveStatus(entry)
        finishWaiters(entry)
        if restarts { scheduleRestart(entry, ranFor: time - entry.snapshot.status.started) }
    }

    /// Gives back what a running container holds: endpoints, volumes, cgroup.
    func release(_ entry: Entry) async {
        let snapshot = entry.snapshot, networks = environment.networks
        async let cleaned: Void = cleanAside(snapshot.id)
        for endpoint in snapshot.networks where !endpoint.endpointID.isEmpty { await networks.leave(endpoint, container: snapshot.id) }
        for point in snapshot.mounts where point.kind == .volume { await environment.volumes.unmount(point.name, user: snapshot.id) }
        for index in entry.snapshot.networks.indices { entry.snapshot.networks[index].address = "" }
        await cleaned
    }

    /// Off the actor: a cgroup may take its time.
    nonisolated func cleanAside(_ id: String) async {
        let runtime = environment.runtime, path = "\(environment.defaults.cgroupParent)/\(id)"
        do { try await BlockingCalls.run { try runtime.clean(id, cgroup: path) } } catch {
            environment.logger.warning("a container's cgroup was not removed", metadata: ["container": "\(id)", "error": "\(error)"])
        }
    }

    private func shouldRestart(_ entry: Entry) -> Bool {
        let policy = entry.snapshot.host.restartPolicy
        guard !entry.isStopping, !entry.snapshot.stoppedByUser else { return false }
        switch policy.name {
        case .no: return false
        case .always, .unlessStopped: return true
        case .onFailure:
            return entry.snapshot.status.exitCode != 0
                && (policy.maximumRetryCount == 0 || entry.snapshot.restartCount < policy.maximumRetryCount)
        }
    }

    /// Docker's back-off: 100 ms, doubled up to a minute, from the start again after ten seconds of life.
    private func scheduleRestart(_ entry: Entry, ranFor nanoseconds: Int64) {
        if nanoseconds >= 10_000_000_000 { entry.restartDelay = .milliseconds(100) }
        let delay = entry.restartDelay
        entry.restartDelay = min(delay * 2, .seconds(60))
        let id = entry.snapshot.id
        entry.restart = Task { [weak self] in
            do { try await Task.sleep(for: delay) } catch { return }
            await self?.restartAfterExit(id)
        }
    }

    private func restartAfterExit(_ id: String) async {
        guard let entry = entries[id] else { return }
        await entry.lane.run("restart by policy") {
            guard entry.snapshot.status.state == .restarting, !entry.isStopping else { return }
            entry.restart = nil
            entry.snapshot.restartCount += 1
            do { try await run(entry) } catch {
                logger.error("a container was not restarted", metadata: ["container": "\(entry.snapshot.id)", "error": "\(error)"])
                entry.snapshot.status.state = .exited
                entry.snapshot.status.error = "\(error)"
                await saveStatus(entry)
            }
        }
    }
}
