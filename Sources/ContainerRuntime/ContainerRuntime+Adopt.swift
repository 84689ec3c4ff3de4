import EngineErrors
import Glibc
import LinuxCgroups
import LinuxSystem
import ShimProtocol

/// What a shim says of its container to the daemon that takes it back.
public struct ShimState: Sendable {
    public struct Exec: Sendable {
        public var id: String
        public var pid: Int32
        /// nil: it runs.
        public var code: Int32?
        /// What the daemon that began it wanted to find again.
        public var note: [UInt8]
    }

    /// When the first process was executed, ns since 1970; 0: it never will be; nil: the shim is too old to say.
    public var started: Int64?
    /// Where its log is written; nil: the shim is too old to say.
    public var logDirectory: String?
    public var isFrozen = false
    /// Running ones, and the last that ended.
    public var execs: [Exec] = []
}

extension ContainerRuntime {
    /// What became of a container that an earlier daemon started.
    public enum Found: Sendable {
        case running(RunningContainer, ShimState)
        /// - outOfMemory: the kernel killed something in it for its memory.
        case ended(code: Int32, time: Int64, outOfMemory: Bool)
        /// Its shim was killed, or never came to run it.
        case lost
        /// No trace: the machine was started again meanwhile.
        case nothing
    }

    /// Takes a container back. Takes some seconds if its shim does not answer.
    ///
    /// - Parameter pid: of its first process, as it was written down: a shim that hangs does not say it.
    public func adopt(_ id: String, pid: Int32, cgroup path: String) async -> Found {
        let folder = folder(id), cgroup = cgroups.open(path)
        if let found = await reconnect(id, pid, folder, cgroup) { return found }
        if let exit = ExitFile.read(folder) { return Self.ended(exit.code, exit.time, cgroup) }
        return Files.exists(folder) ? .lost : .nothing
    }

    private static func ended(_ code: Int32, _ time: Int64, _ cgroup: Cgroup) -> Found {
        .ended(code: code, time: time, outOfMemory: code == 128 + SIGKILL && cgroup.oomKilled())
    }

    /// nil: no shim, or one that leaves and has written down how its container ended.
    private func reconnect(_ id: String, _ pid: Int32, _ folder: String, _ cgroup: Cgroup) async -> Found? {
        guard let socket = try? ShimSocket.connect(in: folder) else { return nil }
        let (connection, events) = open(socket, id, shim: 0)
        let found: Found?
        do throws(EngineError) { found = try await ask(id, folder, cgroup, connection, events) } catch {
            found = error.code == .deadlineExceeded ? silent(id, pid, folder, cgroup, connection, events) : nil
        }
        if case .running? = found { return found }
        connection.close()
        return found
    }

    private func ask(
        _ id: String, _ folder: String, _ cgroup: Cgroup, _ connection: ShimConnection, _ events: AsyncStream<RuntimeEvent>
    ) async throws(EngineError) -> Found? {
        let first = try await connection.request(.subscribe, within: ShimPatience.adoption).fields
        let pid = Int32(truncatingIfNeeded: first.number(.pid)), process = try? RunningContainer.open(pid, of: id)
        // The pid may have become another process's before the line above, but not if the shim still has it now.
        let state = try await connection.request(.subscribe, within: ShimPatience.adoption).fields
        if state.flag(.running), let process {
            let container = RunningContainer(
                id: id, pid: pid, process: process, folder: folder, cgroup: cgroup, connection: connection, events: events,
                version: state.number(.version))
            return .running(container, Self.state(state, cgroup))
        }
        // A shim that had no room for the file.
        guard ExitFile.read(folder) == nil, state.number(.started) != 0, state.number(.time) != 0 else { return nil }
        return Self.ended(Int32(truncatingIfNeeded: state.number(.code)), state.number(.time), cgroup)
    }

    /// A container whose shim lives and says nothing: it runs on, and its end is noticed when the shim goes on.
    private func silent(
        _ id: String, _ pid: Int32, _ folder: String, _ cgroup: Cgroup, _ connection: ShimConnection, _ events: AsyncStream<RuntimeEvent>
    ) -> Found? {
        guard let process = try? RunningContainer.open(pid, of: id), ShimProcess.find(id, of: pid) != nil else { return nil }
        let container = RunningContainer(
            id: id, pid: pid, process: process, folder: folder, cgroup: cgroup, connection: connection, events: events, version: 1)
        return .running(container, ShimState(isFrozen: cgroup.isFrozen()))
    }

    private static func state(_ fields: Fields, _ cgroup: Cgroup) -> ShimState {
        let isNew = fields.number(.version) >= 3
        let execs = fields.groups(.kind).map { group in
            ShimState.Exec(
                id: group.string(.process), pid: Int32(truncatingIfNeeded: group.number(.pid)),
                code: group.flag(.running) ? nil : Int32(truncatingIfNeeded: group.number(.code)), note: Array(group.all(.note).last ?? []))
        }
        return ShimState(
            started: isNew ? fields.number(.started) : nil, logDirectory: isNew ? fields.string(.logState) : nil, isFrozen: cgroup.isFrozen(),
            execs: execs)
    }

    /// After a start of the machine, what has no exit status is no trace of anything: no shim is behind it. `<execRoot>/boot`
    /// says for which start the folders are.
    func forgetEarlierBoots() throws(Errno) {
        let file = "\(execRoot)/boot", now = try Files.read("/proc/sys/kernel/random/boot_id")
        if let then = try? Files.read(file), then == now { return }
        for id in known() where ExitFile.read(folder(id)) == nil { try Files.removeTree(folder(id)) }
        try Files.replace(file, with: now)
    }
}
