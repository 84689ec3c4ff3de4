import ContainerRuntime
import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import LinuxSystem

extension ContainerCatalog {
    public func resize(_ reference: String, rows: UInt16, columns: UInt16) async throws {
        let entry = try entry(reference)
        guard let running = entry.running else {
            throw EngineError(.conflict, "cannot resize a stopped container: \(entry.snapshot.id)")
        }
        try await running.resize(rows: rows, columns: columns)
        publish("resize", entry.snapshot, ["height": "\(rows)", "width": "\(columns)"])
    }

    public func attach(_ reference: String, _ streams: AttachRequest) async throws -> AttachedStream {
        let entry = try entry(reference)
        if entry.snapshot.status.state == .paused {
            throw EngineError(.conflict, "container \(entry.snapshot.id) is paused, unpause the container before attach")
        }
        let isTerminal = entry.snapshot.configuration.tty
        let wanted = StreamSelection(
            input: streams.stdin && entry.snapshot.configuration.openStdin, output: streams.stdout, error: streams.stderr && !isTerminal)
        let live = try await liveStream(entry, wanted, isWanted: streams.stream)
        publish("attach", entry.snapshot)
        guard streams.logs else { return AttachedStream(socket: OwnedFD(adopting: live), isTerminal: isTerminal) }
        let log = try await logs(reference, LogRequest(stdout: streams.stdout, stderr: streams.stderr))
        let socket = try LogReplay.start(log, before: live, isTerminal: isTerminal)
        return AttachedStream(socket: OwnedFD(adopting: socket), isTerminal: isTerminal)
    }

    /// A socket to the running container, or to the one that will be started.
    private func liveStream(_ entry: Entry, _ wanted: StreamSelection, isWanted: Bool) async throws(EngineError) -> Int32 {
        if isWanted, let running = entry.running { return try await running.attach(wanted).take() }
        let ends: (Int32, Int32)
        do { ends = try StreamSockets.pair() } catch {
            throw EngineError(.resourceExhausted, "no socket for the attached streams: \(error)", errno: error.code)
        }
        if isWanted { entry.attached.append((ends.1, wanted)) } else { StreamSockets.close(ends.1) }
        return ends.0
    }

    public func logs(_ reference: String, _ request: LogRequest) async throws -> any LogStream {
        let entry = try entry(reference)
        let container = entry.snapshot
        let driver = try await environment.registry.log(container.host.logDriver, options: container.host.logOptions)
        guard driver.capabilities.contains(.read) else {
            throw EngineError(.unsupported, "configured logging driver does not support reading")
        }
        let reader = try await environment.registry.openLogReader(
            container.host.logDriver, container: container.id, stateDirectory: directory(container.id), options: container.host.logOptions)
        let ticks = request.follow ? try entry.running?.logTicks() : nil
        return ContainerLogStream(reader: reader, request: request, isTerminal: container.configuration.tty, ticks: ticks)
    }
}
