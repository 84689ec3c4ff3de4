import ContainerRuntime
import EngineErrors
public import EngineModel
import FoundationEssentials
import Glibc
import LinuxSystem

extension ContainerCatalog {
    public func createExec(_ reference: String, _ request: ExecSnapshot) async throws -> String {
        let entry = try entry(reference)
        try checkRunning(entry)
        guard !request.arguments.isEmpty else { throw EngineError(.invalidArgument, "No exec command specified") }
        if !request.workingDirectory.isEmpty && !request.workingDirectory.hasPrefix("/") {
            throw EngineError(.invalidArgument, "the working directory '\(request.workingDirectory)' is invalid, it needs to be an absolute path")
        }
        var exec = request
        exec.id = Identifier.random()
        exec.container = entry.snapshot.id
        execs[exec.id] = exec
        entry.execs.append(exec.id)
        publish("exec_create: \(exec.arguments.joined(separator: " "))", entry.snapshot, ["execID": exec.id])
        return exec.id
    }

    @discardableResult
    private func checkRunning(_ entry: Entry) throws(EngineError) -> RunningContainer {
        guard let running = entry.running else {
            throw EngineError(.conflict, "container \(entry.snapshot.id) is not running")
        }
        if entry.snapshot.status.state == .paused {
            throw EngineError(.conflict, "container \(entry.snapshot.id) is paused, unpause the container before exec")
        }
        return running
    }

    public func startExec(_ id: String, detach: Bool, tty: Bool, consoleSize: (rows: UInt16, columns: UInt16)?) async throws -> AttachedStream? {
        var exec = try find(id)
        if exec.running { throw EngineError(.conflict, "exec command \(id) is already running") }
        if exec.exitCode != nil { throw EngineError(.conflict, "exec command \(id) has already run") }
        let entry = try entry(exec.container)
        let running = try checkRunning(entry)
        exec.running = true
        execs[id] = exec
        let streams =
            detach
            ? StreamSelection(input: false, output: false, error: false)
            : StreamSelection(input: exec.openStdin, output: exec.openStdout, error: exec.openStderr && !exec.tty)
        do {
            let process = try specification(exec, entry.snapshot, consoleSize, isAttached: !detach)
            let note = (try? JSONEncoder().encode(exec)).map(Array.init) ?? []
            let (pid, socket) = try await running.exec(process, id: id, note: note, streams)
            // It may have ended before this line.
            execs[id]?.pid = pid
            publish("exec_start: \(exec.arguments.joined(separator: " "))", entry.snapshot, ["execID": id])
            return try stream(socket, detach: detach, isTerminal: exec.tty)
        } catch {
            keepEnd(of: id, error.code == .commandNotFound ? 127 : 126)
            // The container, or its shim, ended under it. A pid namespace without its first process makes no others: ENOMEM.
            if error.errno == ESRCH || error.code == .unavailable || running.isEnding {
                throw EngineError(.conflict, "container \(entry.snapshot.id) is not running", underlying: error)
            }
            guard !detach, error.code == .commandNotFound || error.code == .commandNotExecutable else { throw error }
            // Docker's clients are attached by now: they get the reason as output, and the status from `inspect`.
            return try Self.message(error.message, isTerminal: exec.tty)
        }
    }

    private static func message(_ text: String, isTerminal: Bool) throws(EngineError) -> AttachedStream {
        let line = Array("\(text)\r\n".utf8), count = UInt32(line.count)
        let bytes = isTerminal ? line : [1, 0, 0, 0, UInt8(count >> 24), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)] + line
        do throws(Errno) {
            let ends = try StreamSockets.pair()
            defer { StreamSockets.close(ends.1) }
            // A new socket has room for one sentence.
            _ = bytes.withUnsafeBytes { try? Files.writeAll(ends.1, $0) }
            return AttachedStream(socket: OwnedFD(adopting: ends.0), isTerminal: isTerminal)
        } catch {
            throw EngineError(.resourceExhausted, "no socket for the attached streams: \(error)", errno: error.code)
        }
    }

    private func stream(_ socket: Int32, detach: Bool, isTerminal: Bool) throws(EngineError) -> AttachedStream? {
        if socket >= 0 { return AttachedStream(socket: OwnedFD(adopting: socket), isTerminal: isTerminal) }
        if detach { return nil }
        // Attached to nothing: a stream that ends at once.
        do {
            let ends = try StreamSockets.pair()
            StreamSockets.close(ends.1)
            return AttachedStream(socket: OwnedFD(adopting: ends.0), isTerminal: isTerminal)
        } catch {
            throw EngineError(.resourceExhausted, "no socket for the attached streams: \(error)", errno: error.code)
        }
    }

    private func specification(_ exec: ExecSnapshot, _ container: ContainerSnapshot, _ size: (rows: UInt16, columns: UInt16)?, isAttached: Bool) throws(EngineError) -> ProcessSpecification {
        var process = ProcessSpecification()
        let configuration = container.configuration
        process.arguments = exec.arguments
        process.environment = ConfigurationMerge.environment(
            ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=\(configuration.hostname)"],
            exec.tty ? ["TERM=xterm"] : [], configuration.environment, exec.environment)
        process.directory = exec.workingDirectory.isEmpty ? (configuration.workingDirectory.isEmpty ? "/" : configuration.workingDirectory) : exec.workingDirectory
        process.user = exec.user.isEmpty ? configuration.user : exec.user
        process.groups = container.host.groups
        process.terminal = exec.tty
        process.openInput = exec.openStdin && isAttached
        process.inputOnce = true
        process.rows = size?.rows ?? 0
        process.columns = size?.columns ?? 0
        var host = container.host
        host.privileged = host.privileged || exec.privileged
        let security = try SecurityOptions(host.securityOptions)
        process.noNewPrivileges = security.noNewPrivileges
        for limit in host.resources.ulimits { process.limits.append(try Limits.specification(limit)) }
        try Confinement.apply(host, security, to: &process)
        return process
    }

    /// Its shim reaps a process and says so before it ends the output: who saw the end of the output learns the status,
    /// although the shim's word came another way and may be read later.
    public func inspectExec(_ id: String) async throws -> ExecSnapshot {
        let exec = try find(id)
        guard exec.running, exec.pid > 0, Glibc.kill(exec.pid, 0) != 0 else { return exec }
        let (end, waiter) = AsyncStream<WaitResult>.makeStream(bufferingPolicy: .bufferingNewest(1))
        execWaiters[exec.id, default: []].append(waiter)
        _ = await Self.ended(end, within: .seconds(Self.shimPatience))
        return try find(exec.id)
    }

    public func resizeExec(_ id: String, rows: UInt16, columns: UInt16) async throws {
        let exec = try find(id)
        guard exec.running, let running = try entry(exec.container).running else {
            throw EngineError(.conflict, "exec command \(id) is not running")
        }
        try await running.resize(process: id, rows: rows, columns: columns)
    }

    private func find(_ id: String) throws(EngineError) -> ExecSnapshot {
        if let exec = execs[id] { return exec }
        let matches = id.isEmpty ? [] : execs.values.filter { $0.id.hasPrefix(id) }
        guard matches.count == 1 else { throw EngineError(.notFound, "No such exec instance: \(id)") }
        return matches[0]
    }

    func execExited(_ id: String, _ code: Int32) {
        guard let exec = execs[id], exec.exitCode == nil else { return }
        keepEnd(of: id, code)
        for waiter in execWaiters.removeValue(forKey: id) ?? [] { waiter.finish() }
        if let entry = entries[exec.container] { publish("exec_die", entry.snapshot, ["execID": id, "exitCode": "\(code)"]) }
    }

    /// Ended execs stay for `inspect` until their container goes. A health check every second must not fill the memory:
    /// of more than two hundred, the last hundred that ended are kept.
    private func keepEnd(of id: String, _ code: Int32) {
        execs[id]?.running = false
        execs[id]?.exitCode = code
        guard let exec = execs[id], let entry = entries[exec.container] else { return }
        entry.execs.removeAll { $0 == id }
        entry.execs.append(id)
        guard entry.execs.count > 200 else { return }
        let old = Set(entry.execs.filter { execs[$0]?.exitCode != nil }.dropLast(100))
        for id in old { execs[id] = nil }
        entry.execs.removeAll(where: old.contains)
    }
}
