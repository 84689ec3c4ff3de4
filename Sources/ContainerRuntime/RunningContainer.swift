import CLinux
public import EngineErrors
import Glibc
public import LinuxCgroups
public import LinuxSystem
import ShimProtocol
import Synchronization

/// What happens to a running container.
public enum RuntimeEvent: Sendable, Equatable {
    /// A process ended, the first ("") or an exec. `time` is ns since 1970.
    case exited(process: String, code: Int32, time: Int64)
    /// Before the first process's end: so many lines of its output are in no log.
    case logLost(lines: Int64)
    /// The shim is gone; the last event.
    case ended
}

/// A container that has a shim: the handle through which the engine speaks to it.
public final class RunningContainer: Sendable {
    public let id: String
    /// Of the first process, in the host's pid namespace.
    public let pid: Int32
    /// Everything that happens, in order, for one reader.
    public let events: AsyncStream<RuntimeEvent>
    public let cgroup: Cgroup
    /// Of the protocol that its shim speaks.
    private let version: Int64

    private let folder: String
    private let connection: ShimConnection
    private let pidfd: OwnedFD
    /// The network namespace that it was given, until somebody asks for it: its first process may not have joined it yet.
    private let givenNetwork = Mutex<OwnedFD?>(nil)

    /// A pidfd of the first process.
    static func open(_ pid: Int32, of id: String) throws(EngineError) -> OwnedFD {
        let descriptor = gantry_pidfd_open(pid)
        if descriptor >= 0 { return OwnedFD(adopting: descriptor) }
        throw EngineError(.unavailable, "container \(id) ended while it was being started", errno: errno)
    }

    init(
        id: String, pid: Int32, process: consuming OwnedFD, folder: String, cgroup: Cgroup, connection: ShimConnection,
        events: AsyncStream<RuntimeEvent>, version: Int64 = Int64(shimProtocolVersion)
    ) {
        pidfd = process
        self.id = id
        self.pid = pid
        self.folder = folder
        self.cgroup = cgroup
        self.connection = connection
        connection.firstProcess.store(pid, ordering: .relaxed)
        self.events = events
        self.version = version
    }

    func keep(network: consuming OwnedFD) {
        var network = Optional(network)
        givenNetwork.withLock { swap(&$0, &network) }
    }

    /// The container's network namespace.
    public func networkNamespace() throws(EngineError) -> OwnedFD {
        if let given = givenNetwork.withLock({ $0.take() }) { return given }
        do throws(Errno) {
            let namespace = try Files.open("/proc/\(pid)/ns/net", O_RDONLY)
            // Still the same process, so it was the same before.
            if !signal(0) { throw Errno(ESRCH, "process \(pid)") }
            return namespace
        } catch {
            throw EngineError(.unavailable, "the network namespace of container \(id) is gone: \(error)", errno: error.code)
        }
    }

    /// Lets the first process run. `commandNotFound` and `commandNotExecutable` as the exec failed.
    public func start() async throws(EngineError) {
        let answer = try await connection.request(.start, within: ShimPatience.work)
        if answer.kind == .failed { throw LaunchFailure.error(answer.fields) }
    }

    /// To the first process. False: it is gone.
    @discardableResult
    public func signal(_ number: Int32) -> Bool { gantry_pidfd_send_signal(pidfd.raw, number) == 0 }

    /// What its shim wrote down of the end; nil: nothing, for it was killed.
    public var recordedExit: (code: Int32, time: Int64)? { ExitFile.read(folder) }

    /// The first process has ended, whether its shim said so or not.
    public var hasExited: Bool {
        var state = pollfd(fd: pidfd.raw, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, 0) > 0
    }

    /// The first process is on its way out, or has ended: from then on its pid namespace makes no other (ENOMEM).
    public var isEnding: Bool { ShimProcess.isExiting(pid) || hasExited }

    /// Ends a shim that hangs, which ends the container: its last event comes.
    public func killShim() {
        guard let shim = ShimProcess.find(id, of: pid), let handle = try? Self.open(shim, of: id) else { return }
        // Still the same, so the handle is not another process's.
        if ShimProcess.find(id, of: pid) == shim { gantry_pidfd_send_signal(handle.raw, SIGKILL) }
    }

    /// Waits for the last event of a container that was killed; a shim that does not let it come is killed as well.
    public func end(within limit: Duration) async {
        let killing = Task.detached { [self] in
            do { try await Task.sleep(for: limit) } catch { return }
            killShim()
        }
        // Also when the one who started it has gone.
        await Task.detached { [events] in for await event in events where event == .ended { break } }.value
        killing.cancel()
    }

    /// A socket to the process's streams.
    public func attach(to process: String = "", _ streams: StreamSelection) async throws(EngineError) -> OwnedFD {
        var fields = Fields()
        fields.add(.process, process)
        streams.encode(into: &fields)
        let call = try await ShimCall.run(folder: folder, container: id, Message(.attach, sequence: 1, fields))
        if call.answer.kind == .failed {
            throw EngineError(.conflict, "container \(id) is not running", errno: Int32(call.answer.fields.number(.code)))
        }
        return call.takeSocket()
    }

    /// Runs one more process. - Returns: its pid, and a socket to its streams if any was asked for.
    /// - Parameter note: what a later daemon that takes it back finds in `ShimState.Exec`.
    public func exec(_ process: ProcessSpecification, id execID: String, note: [UInt8], _ streams: StreamSelection) async throws(EngineError) -> (pid: Int32, socket: Int32) {
        var fields = Fields()
        fields.add(.process, execID)
        fields.add(.note, note)
        process.encode(into: &fields)
        streams.encode(into: &fields)
        let call = try await ShimCall.run(folder: folder, container: id, Message(.exec, sequence: 1, fields))
        if call.answer.kind == .failed { throw LaunchFailure.error(call.answer.fields) }
        let pid = Int32(call.answer.fields.number(.pid))
        return (pid, streams.isEmpty ? -1 : call.takeSocket().take())
    }

    public func resize(process: String = "", rows: UInt16, columns: UInt16) async throws(EngineError) {
        var fields = Fields()
        fields.add(.process, process)
        fields.add(.rows, Int64(rows))
        fields.add(.columns, Int64(columns))
        let answer = try await connection.request(.resize, fields)
        if answer.kind == .failed { throw EngineError(.conflict, "container \(id) has no terminal that could be resized") }
    }

    /// From the next line on, its output goes to `log`. After an error it goes where it went before.
    /// - Throws: `.unsupported` for a shim of an older engine; `.driverFailed` with the driver's sentence.
    public func replaceLog(_ log: LogSpecification, mark: String) async throws(EngineError) {
        guard version >= 2 else {
            throw EngineError(.unsupported, "container \(id) was started by an older engine and can't change its log driver while it runs; restart it")
        }
        var fields = Fields()
        log.encode(into: &fields, name: id, mark: mark)
        let answer = try await connection.request(.replaceLog, fields, within: ShimPatience.work)
        if answer.kind == .failed { throw EngineError(.driverFailed, answer.fields.string(.text), errno: Int32(answer.fields.number(.code))) }
    }

    /// Yields after lines were logged; ends with the container.
    public func logTicks() throws(EngineError) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let socket: OwnedFD
        do { socket = try ShimSocket.connect(in: folder) } catch {
            continuation.finish()
            return stream
        }
        let subscription = ShimConnection(socket, container: id, onNews: { _, _ in continuation.yield() }, onClose: { continuation.finish() })
        subscription.begin()
        continuation.onTermination = { _ in subscription.close() }
        let ask = Task.detached {
            var fields = Fields()
            fields.add(.wantsOutput, true)
            _ = try? await subscription.request(.subscribe, fields)
            continuation.yield()
        }
        _ = ask
        return stream
    }

    func close() { connection.close() }
}
