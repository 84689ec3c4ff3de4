import ContainerRuntime
import EngineErrors
import EngineModel
import Glibc
import LinuxCgroups
import LinuxSystem
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
        entry.isEnding = true
        defer { entry.isEnding = false }
        if code == 128 + SIGKILL && running.cgroup.oomKilled() {
            // Nobody can see it any more once the cgroup is gone.
            entry.snapshot.status.oomKilled = true
            await saveStatus(entry)
        }
        for exec in entry.execs where execs[exec]?.running == true { execExited(exec, 137) }
        FailPoint.after("container.exit.notice")
        await release(entry)
        FailPoint.after("container.exit.release")
        await settle(entry, code, time, lost: lost)
    }

    /// Writes down how a container ended and what is to come of it, in one step: a daemon that is killed in between leaves
    /// both to the next one, which finds the shim's word as long as it is not forgotten here.
    /// - Parameter lost: lines that are in no log.
    func settle(_ entry: Entry, _ code: Int32, _ time: Int64, lost: Int64 = 0) async {
        let removes = entry.snapshot.host.autoRemove && !entry.isKept && entry.snapshot.isBeingRestarted == nil
        var after = entry.snapshot, isSaved = removes
        await entry.record.run("its end") {
            while true {
                let before = entry.snapshot
                after = before.ended(code, time, isRestarted: !removes && (before.isBeingRestarted != nil || shouldRestart(entry, code)))
                if removes { break }
                isSaved = await save(after)
                // Else it is being stopped.
                if entry.snapshot == before { break }
            }
            // Until here whoever stops or removes it waits for its end.
            entry.running = nil
            entry.snapshot = after
        }
        if isSaved && !removes { forgetShim(after.id) }
        entry.isEndUnsaved = !isSaved
        if !isSaved { Leftovers.shared.note() }
        publishEnd(after, lost: lost)
        finishWaiters(entry)
        if removes { return await removeQuietly(entry) }
        if after.status.state == .restarting && !entry.isRestarting { scheduleRestart(entry, .policy) }
    }

    /// What `settle` could not write down.
    func saveEnd(_ id: String) async throws(EngineError) {
        guard let entry = entries[id] else { return }
        try await entry.lane.run("its end, once more") { () async throws(EngineError) in
            guard entry.isEndUnsaved, entry.running == nil else { return }
            try await change(entry) { _ in }
            entry.isEndUnsaved = false
            forgetShim(id)
        }
    }

    private func publishEnd(_ container: ContainerSnapshot, lost: Int64) {
        let status = container.status
        if status.oomKilled { publish("oom", container) }
        var facts = ["exitCode": "\(status.exitCode)", "execDuration": "\(max(0, status.finished - status.started) / 1_000_000_000)"]
        if lost > 0 {
            facts["lostLogLines"] = "\(lost)"
            logger.warning(
                "lines of a container are in no log: its driver failed or did not keep up",
                metadata: ["container": "\(container.id)", "driver": "\(container.host.logDriver)", "lines": "\(lost)"])
        }
        publish("die", container, facts)
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

    /// What its shim had in the exec root goes, or the sweep takes it.
    nonisolated func forgetShim(_ id: String) {
        do throws(Errno) { try environment.runtime.forget(id) } catch { Leftovers.shared.note() }
    }

    /// Off the actor: a cgroup may take its time.
    nonisolated func cleanAside(_ id: String) async {
        let runtime = environment.runtime, path = "\(environment.defaults.cgroupParent)/\(id)"
        do { try await BlockingCalls.run { try runtime.clean(cgroup: path) } } catch {
            environment.logger.warning("a container's cgroup was not removed", metadata: ["container": "\(id)", "error": "\(error)"])
            Leftovers.shared.note()
        }
    }

    private func shouldRestart(_ entry: Entry, _ code: Int32) -> Bool {
        let policy = entry.snapshot.host.restartPolicy
        guard !entry.isStopping, !entry.snapshot.stoppedByUser else { return false }
        switch policy.name {
        case .no: return false
        case .always, .unlessStopped: return true
        case .onFailure: return code != 0 && (policy.maximumRetryCount == 0 || entry.snapshot.restartCount < policy.maximumRetryCount)
        }
    }

    enum RestartReason { case policy, boot }

    /// Docker's back-off: 100 ms, doubled up to a minute, from the start again after ten seconds of life.
    static func delay(afterRestarts count: Int) -> Duration { min(.milliseconds(100 << min(count, 10)), .seconds(60)) }

    /// - Parameter time: that has passed already.
    func scheduleRestart(_ entry: Entry, _ reason: RestartReason, isLateBy time: Duration = .zero) {
        let id = entry.snapshot.id, status = entry.snapshot.status
        if status.finished - status.started >= 10_000_000_000 { entry.restartDelay = Self.delay(afterRestarts: 0) }
        let delay = entry.restartDelay - time
        entry.restartDelay = min(entry.restartDelay * 2, .seconds(60))
        entry.restart = Task { [weak self] in
            do { try await Task.sleep(for: max(delay, .zero)) } catch { return }
            await self?.restartAfterExit(id, reason)
        }
    }

    private func restartAfterExit(_ id: String, _ reason: RestartReason) async {
        guard let entry = entries[id] else { return }
        // Whose network it shares comes first.
        if let other = NetworkSharing.container(entry.snapshot.host.networkMode) { await entries[other]?.restart?.value }
        await startLanes[Int(id.utf8.last ?? 0) % startLanes.count].run("start container \(entry.snapshot.name)") {
            await entry.lane.run("restart by policy") {
                guard entry.snapshot.status.state == .restarting, !entry.isStopping, entries[id] === entry else { return }
                entry.restart = nil
                entry.snapshot.restartCount = reason == .boot ? 0 : entry.snapshot.restartCount + 1
                do { try await run(entry) } catch {
                    logger.error("a container was not restarted", metadata: ["container": "\(entry.snapshot.id)", "error": "\(error)"])
                    entry.snapshot.status.state = .exited
                    entry.snapshot.status.error = "\(error)"
                    await saveStatus(entry)
                }
            }
        }
    }
}

extension ContainerSnapshot {
    /// After its end.
    fileprivate func ended(_ code: Int32, _ time: Int64, isRestarted: Bool) -> ContainerSnapshot {
        var after = self
        after.status.state = isRestarted ? .restarting : .exited
        after.status.pid = 0
        after.status.exitCode = code
        after.status.finished = time
        after.closePorts()
        return after
    }

    /// What is not running publishes nothing.
    mutating func closePorts() {
        for index in networks.indices { networks[index].ports = [] }
    }
}
