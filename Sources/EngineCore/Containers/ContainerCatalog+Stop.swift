import ContainerRuntime
import EngineErrors
import EngineModel
import Glibc
import LinuxCgroups
import Logging
import StateStore

extension ContainerCatalog {
    public func stop(_ reference: String, signal: String?, timeout: Int?) async throws {
        let entry = try entry(reference)
        if entry.isHalting {
            // Somebody gives it more time already, perhaps: what is asked now counts too, and does not wait for that.
            let isRestarted = entry.isRestarting
            try await halt(entry, signal: signal, timeout: timeout)
            if !isRestarted { return }
        }
        try await inLane(entry, "stop") {
            guard [.running, .paused, .restarting].contains(entry.snapshot.status.state) else {
                throw EngineError(.notModified, "container \(entry.snapshot.id) is already stopped")
            }
            try await halt(entry, signal: signal, timeout: timeout)
            publish("stop", entry.snapshot)
        }
    }

    public func restart(_ reference: String, signal: String?, timeout: Int?) async throws {
        let entry = try entry(reference)
        try await inLane(entry, "restart") {
            if entry.snapshot.status.state == .removing { throw EngineError(.conflict, "container is marked for removal and cannot be started") }
            if entry.running != nil {
                entry.isRestarting = true
                defer { entry.isRestarting = false }
                // A daemon that is killed from here on leaves the start to the next one.
                entry.snapshot.isBeingRestarted = true
                await saveStatus(entry)
                do { try await halt(entry, signal: signal, timeout: timeout) } catch {
                    entry.snapshot.isBeingRestarted = nil
                    throw error
                }
            }
            entry.snapshot.stoppedByUser = false
            do { try await run(entry, isAcknowledged: true) } catch {
                if entry.snapshot.status.state == .restarting { entry.snapshot.status.state = .exited }
                entry.snapshot.isBeingRestarted = nil
                entry.snapshot.status.error = "\(error)"
                await saveStatus(entry)
                throw error
            }
            publish("restart", entry.snapshot)
        }
    }

    public func kill(_ reference: String, signal: String?) async throws {
        let entry = try entry(reference)
        let number = try Signals.parse(signal.flatMap { $0.isEmpty ? nil : $0 } ?? "SIGKILL")
        let isStop = try number == SIGKILL || number == Signals.parse(entry.snapshot.configuration.stopSignal ?? "SIGTERM")
        guard let running = entry.running else {
            if isStop && entry.snapshot.status.state == .restarting { return try await endRestarts(entry, number) }
            throw EngineError(.conflict, "cannot kill container: \(reference): container \(entry.snapshot.id) is not running")
        }
        let exit = number == SIGKILL ? exitStream(entry) : nil
        if isStop { await noteStop(entry) }
        publish("kill", entry.snapshot, ["signal": "\(number)"])
        guard let exit else {
            running.signal(number)
            if isStop { try await thaw(entry, running) }
            return
        }
        entry.isStopping = true
        try await force(entry, running, exit)
    }

    /// There is no process now, and there will be no other.
    private func endRestarts(_ entry: Entry, _ signal: Int32) async throws {
        try await inLane(entry, "kill") {
            publish("kill", entry.snapshot, ["signal": "\(signal)"])
            try await halt(entry, signal: "\(signal)", timeout: nil)
        }
    }

    /// A paused container can't hear its stop signal.
    private func thaw(_ entry: Entry, _ running: RunningContainer) async throws(EngineError) {
        guard entry.snapshot.status.state == .paused else { return }
        try await resume(entry, running)
        await saveStatus(entry)
        publish("unpause", entry.snapshot)
    }

    /// Ends the container: the signal, then SIGKILL when the time is over. In its lane, or beside another one that is.
    func halt(_ entry: Entry, signal: String?, timeout: Int?) async throws(EngineError) {
        let configuration = entry.snapshot.configuration
        let number = try Signals.parse(signal ?? configuration.stopSignal ?? "SIGTERM")
        let seconds = min(timeout ?? configuration.stopTimeout ?? 10, Int(Int32.max))
        entry.isStopping = true
        entry.restart?.cancel()
        entry.restart = nil
        if !entry.isRestarting { await noteStop(entry) }
        guard let running = entry.running else {
            // Between two processes, unless its end was quicker.
            if entry.snapshot.status.state == .restarting {
                entry.snapshot.status.state = .exited
                await saveStatus(entry)
            }
            return finishWaiters(entry)
        }
        entry.isHalting = true
        defer { entry.isHalting = false }
        // Both from now on: it may end between the two waits.
        let exit = exitStream(entry), lateExit = exitStream(entry)
        if entry.snapshot.status.state == .paused { try await resume(entry, running) }
        publish("kill", entry.snapshot, ["signal": "\(number)"])
        running.signal(number)
        entry.lane.waits(for: "its end: \(signal ?? configuration.stopSignal ?? "SIGTERM") was sent", atMost: seconds < 0 ? nil : seconds)
        if await Self.ended(exit, within: seconds < 0 ? nil : .seconds(seconds)) { return }
        publish("kill", entry.snapshot, ["signal": "9"])
        try await force(entry, running, lateExit)
    }

    /// That the user wants it down is known before it is: whatever happens in between, no policy starts it again.
    private func noteStop(_ entry: Entry) async {
        entry.snapshot.stoppedByUser = true
        guard entry.snapshot.host.restartPolicy.name != .no else { return }
        do throws(EngineError) { try await change(entry) { $0.stoppedByUser = true } } catch {
            logger.error("that a container was stopped is not stored", metadata: ["container": "\(entry.snapshot.id)", "error": "\(error)"])
        }
    }

    private func exitStream(_ entry: Entry) -> AsyncStream<WaitResult> {
        let (stream, continuation) = AsyncStream<WaitResult>.makeStream(bufferingPolicy: .bufferingNewest(1))
        entry.exitWaiters.append(continuation)
        return stream
    }

    /// SIGKILL, by the cgroup when the process alone does not go.
    private func force(_ entry: Entry, _ running: RunningContainer, _ exit: AsyncStream<WaitResult>) async throws(EngineError) {
        let lateExit = exitStream(entry)
        if entry.snapshot.status.state == .paused { try await resume(entry, running) }
        running.signal(SIGKILL)
        entry.lane.waits(for: "its end: SIGKILL was sent", atMost: Self.shimPatience)
        if await Self.ended(exit, within: .seconds(Self.shimPatience)) { return }
        let cgroup = running.cgroup
        entry.lane.waits(for: "its end: SIGKILL was sent to all of its processes", atMost: Self.shimPatience)
        try await BlockingCalls.run { try cgroup.kill() }
        if running.hasExited {
            // All that is missing is the word of its shim, which hangs or was stopped.
            logger.warning("the shim of a container that ended does not say so; it is ended too", metadata: ["container": "\(entry.snapshot.id)"])
            running.killShim()
        }
        if await Self.ended(lateExit, within: .seconds(Self.shimPatience)) || entry.running == nil { return }
        throw EngineError(.deadlineExceeded, "tried to kill container \(entry.snapshot.id), but did not receive an exit event")
    }

    /// Seconds that a shim gets to say that its container ended.
    static let shimPatience = 5

    /// In a task that nobody cancels: whoever asked may go, and the container still has all of its time.
    static func ended(_ exit: AsyncStream<WaitResult>, within limit: Duration?) async -> Bool {
        await Task.detached { await firstOf(exit, limit) }.value
    }

    private static func firstOf(_ exit: AsyncStream<WaitResult>, _ limit: Duration?) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in exit { return true }
                return false
            }
            if let limit {
                group.addTask {
                    try? await Task.sleep(for: limit)
                    return false
                }
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
    }

    // MARK: pause

    public func pause(_ reference: String) async throws {
        let entry = try entry(reference)
        try await inLane(entry, "pause") {
            guard let running = entry.running else {
                throw EngineError(.conflict, "Container \(entry.snapshot.id) is not running")
            }
            if entry.snapshot.status.state == .paused {
                throw EngineError(.conflict, "Container \(entry.snapshot.id) is already paused")
            }
            let cgroup = running.cgroup
            entry.lane.waits(for: "the freezer of its cgroup")
            do { try await BlockingCalls.run { try cgroup.freeze(true) } } catch {
                // Its end was quicker.
                if running.hasExited { throw EngineError(.conflict, "Container \(entry.snapshot.id) is not running") }
                throw error
            }
            guard entry.running === running else { throw EngineError(.conflict, "Container \(entry.snapshot.id) is not running") }
            entry.snapshot.status.state = .paused
            await saveStatus(entry)
            publish("pause", entry.snapshot)
        }
    }

    public func unpause(_ reference: String) async throws {
        let entry = try entry(reference)
        try await inLane(entry, "unpause") {
            guard let running = entry.running, entry.snapshot.status.state == .paused else {
                throw EngineError(.conflict, "Container \(entry.snapshot.id) is not paused")
            }
            try await resume(entry, running)
            await saveStatus(entry)
            publish("unpause", entry.snapshot)
        }
    }

    private func resume(_ entry: Entry, _ running: RunningContainer) async throws(EngineError) {
        let cgroup = running.cgroup
        do { try await BlockingCalls.run { try cgroup.freeze(false) } } catch {
            // Its end was quicker, and has taken the cgroup along.
            if !running.hasExited { throw error }
        }
        if entry.snapshot.status.state == .paused { entry.snapshot.status.state = .running }
    }
}
