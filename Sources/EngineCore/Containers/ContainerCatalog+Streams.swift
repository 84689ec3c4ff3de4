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
        if isWanted && entry.isBeingStarted { await entry.lane.run("attach") {} }
        if isWanted, let running = entry.running { return try await running.attach(wanted).take() }
        let ends: (Int32, Int32)
        do { ends = try StreamSockets.pair() } catch {
            throw EngineError(.resourceExhausted, "no socket for the attached streams: \(error)", errno: error.code)
        }
        guard isWanted else {
            StreamSockets.close(ends.1)
            return ends.0
        }
        entry.dropAttached(StreamSockets.isLeft)
        entry.attached.append((ends.1, wanted))
        return ends.0
    }

    public func logs(_ reference: String, _ request: LogRequest) async throws -> any LogStream {
        let entry = try entry(reference)
        let ticks = request.follow ? try entry.running?.logTicks() : nil
        let id = entry.snapshot.id
        let stream = ContainerLogStream(request: request, isTerminal: entry.snapshot.configuration.tty, ticks: ticks) { [weak self] number in
            try await self?.logReader(id, number) ?? .none
        }
        // Errors come before the answer's head.
        try await stream.open()
        return stream
    }

    /// A reader of one part of the log, by its number.
    private func logReader(_ id: String, _ number: Int) async throws(EngineError) -> ContainerLogStream.Part {
        if let entry = entries[id], number >= entry.snapshot.logSegments.count - 1 { await waitForMove(entry) }
        guard let segments = entries[id]?.snapshot.logSegments, number < segments.count else { return .none }
        let segment = segments[number]
        do throws(EngineError) {
            let options = try await environment.registry.log(segment.driver, options: segment.options)
            guard options.capabilities.contains(.read) else { return .unreadable }
            return .reader(
                try await environment.registry.openLogReader(
                    segment.driver, container: id, stateDirectory: logDirectory(id, segment.folder), options: segment.options))
        } catch {
            // What was written before the last change is shown if it can be.
            if number < segments.count - 1 { return .unreadable }
            throw error
        }
    }
}

extension ContainerCatalog.Entry {
    /// Closes the sockets of some clients that attached before the start.
    func dropAttached(_ isDropped: (Int32) -> Bool) {
        attached.removeAll { socket, _ in
            guard isDropped(socket) else { return false }
            StreamSockets.close(socket)
            return true
        }
    }
}
