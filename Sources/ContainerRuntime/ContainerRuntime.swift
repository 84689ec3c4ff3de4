import CLinux
public import EngineErrors
import EngineModel
import Glibc
public import LinuxCgroups
public import LinuxSystem
import ShimProtocol
import Synchronization

/// Starts containers, one shim each, and finds them again after a restart of the daemon.
///
/// `<execRoot>/containers/<id>` has a container's socket and, when it is over, its exit status.
public final class ContainerRuntime: Sendable {
    public let cgroups: CgroupSystem
    private let program: ShimProgram
    let execRoot: String
    private let spareNetwork = SpareNetwork()
    private let isLeaving = Atomic(false)

    public init(program: ShimProgram, execRoot: String, cgroups: CgroupSystem) throws(EngineError) {
        self.program = program
        self.execRoot = execRoot
        self.cgroups = cgroups
        // Their descriptors and threads: at the first container there may be none to be had.
        _ = (ShimReactor.shared, ShimAnswers.shared)
        do throws(Errno) {
            try Files.makeDirectories("\(execRoot)/containers", mode: 0o711)
            try Files.makeDirectories("\(execRoot)/root", mode: 0o755)
            try forgetEarlierBoots()
        } catch {
            throw EngineError(.internal, "the folder for running containers can't be made: \(error)", errno: error.code)
        }
    }

    func folder(_ id: String) -> String { "\(execRoot)/containers/\(id)" }

    /// Starts a shim and clones the container's first process, which then waits for `start`.
    ///
    /// - Parameters:
    ///   - attached: sockets whose other ends get the process's streams from the first byte. Taken.
    ///   - kept: descriptors that live as long as the container, like reserved ports. Taken.
    public func create(
        _ specification: ContainerSpecification, limits: CgroupLimits, attached: [(socket: Int32, streams: StreamSelection)], kept: [Int32]
    ) async throws(EngineError) -> RunningContainer {
        defer { for descriptor in attached.map(\.socket) + kept { close(descriptor) } }
        let id = specification.id, folder = folder(id)
        let socket = try listen(in: folder)
        let inherited = try connection()
        let daemonEnd = OwnedFD(adopting: inherited.0)
        var descriptors = [socket.raw, inherited.1] + attached.map(\.socket)
        let makesNetwork = specification.namespaces & UInt64(CLONE_NEWNET) != 0
        defer { if makesNetwork { spareNetwork.refill() } }
        var joined = try network(for: specification), network: Int32 = -1
        defer { if joined >= 0 { close(joined) } }
        if joined >= 0 {
            network = Int32(3 + descriptors.count)
            descriptors.append(joined)
        }
        let keptNumbers = kept.indices.map { Int32(3 + descriptors.count + $0) }
        descriptors += kept
        let shim: Int32
        do throws(Errno) {
            defer { close(inherited.1) }
            shim = try program.spawn(arguments: [id], descriptors: descriptors, errors: "\(execRoot)/shim.log")
        } catch {
            discard(folder)
            throw EngineError(.internal, "the shim of container \(id) can't be started: \(error)", errno: error.code, underlying: error)
        }
        do throws(EngineError) {
            FailPoint.after("runtime.shim.spawn")
            let cgroup: Cgroup
            do throws(EngineError) { cgroup = try cgroups.create(specification.cgroup, limits, mark: specification.mark) } catch {
                kill(shim, SIGKILL)
                reap(shim)
                throw error
            }
            FailPoint.after("runtime.cgroup.make")
            do throws(EngineError) {
                let running = try await begin(specification, cgroup, daemonEnd, shim: shim, network: network, attached: attached.map(\.streams), kept: keptNumbers)
                if makesNetwork && joined >= 0 {
                    running.keep(network: OwnedFD(adopting: joined))
                    joined = -1
                }
                return running
            } catch {
                try? cgroup.kill()
                try? cgroup.remove()
                throw error
            }
        } catch {
            discard(folder)
            throw error
        }
    }

    private func connection() throws(EngineError) -> (Int32, Int32) {
        do { return try ShimSocket.pair() } catch {
            throw EngineError(.resourceExhausted, "no socket for a shim: \(error)", errno: error.code)
        }
    }

    private func listen(in folder: String) throws(EngineError) -> OwnedFD {
        do throws(Errno) {
            discard(folder)
            try Files.makeDirectory(folder)
            return try ShimSocket.listen(in: folder)
        } catch {
            throw EngineError(.internal, "the container's folder \(folder) can't be made: \(error)", errno: error.code)
        }
    }

    /// The namespace that the container joins, owned by the caller; -1: it makes its own, or stays in the host's.
    private func network(for specification: ContainerSpecification) throws(EngineError) -> Int32 {
        if specification.networkOf > 0 { return try openNetwork(of: specification.networkOf) }
        guard specification.namespaces & UInt64(CLONE_NEWNET) != 0, let spare = spareNetwork.take() else { return -1 }
        return spare.take()
    }

    private func openNetwork(of pid: Int32) throws(EngineError) -> Int32 {
        do { return try Files.open("/proc/\(pid)/ns/net", O_RDONLY).take() } catch {
            throw EngineError(.conflict, "the network namespace of process \(pid) can't be joined: \(error)", errno: error.code)
        }
    }

    private func begin(
        _ specification: ContainerSpecification, _ cgroup: Cgroup, _ socket: consuming OwnedFD, shim: Int32, network: Int32, attached: [StreamSelection], kept: [Int32]
    ) async throws(EngineError) -> RunningContainer {
        let (connection, events) = open(socket, specification.id, shim: shim)
        var fields = Fields()
        specification.encode(
            into: &fields, root: "\(execRoot)/root", network: network, cgroupFiles: cgroup.processFiles(),
            controllers: cgroups.version == 1 ? cgroups.hierarchies : [], exitFile: "\(folder(specification.id))/exit")
        for (index, streams) in attached.enumerated() {
            var group = Fields()
            group.add(.descriptor, Int64(5 + index))
            streams.encode(into: &group)
            fields.add(.descriptor, group)
        }
        for number in kept { fields.add(.keptDescriptor, Int64(number)) }
        do {
            let answer = try await connection.request(.create, fields, within: ShimPatience.work)
            if answer.kind == .failed { throw LaunchFailure.error(answer.fields) }
            let id = specification.id, pid = Int32(answer.fields.number(.pid))
            return RunningContainer(
                id: id, pid: pid, process: try RunningContainer.open(pid, of: id), folder: folder(id), cgroup: cgroup, connection: connection,
                events: events)
        } catch {
            // First: the connection's end waits for the shim's, which may hang.
            kill(shim, SIGKILL)
            connection.close()
            throw EngineError.wrapping(error)
        }
    }

    /// - Parameter shim: our child, to reap when its connection ends; 0: another daemon's.
    func open(_ socket: consuming OwnedFD, _ id: String, shim: Int32) -> (ShimConnection, AsyncStream<RuntimeEvent>) {
        let (events, continuation) = AsyncStream<RuntimeEvent>.makeStream()
        let connection = ShimConnection(
            socket, container: id,
            onNews: { [self] connection, message in
                let fields = message.fields
                switch message.kind {
                case .exited:
                    let lost = fields.number(.lostLines)
                    if lost > 0 { continuation.yield(.logLost(lines: lost)) }
                    continuation.yield(.exited(process: fields.string(.process), code: Int32(fields.number(.code)), time: fields.number(.time)))
                case .inputLost where !isLeaving.load(ordering: .relaxed): connection.tell(.closeInput, fields)
                default: break
                }
            },
            onClose: {
                continuation.yield(.ended)
                continuation.finish()
                // The connection ends in the shim's last moments.
                if shim > 0 { reap(shim) }
            })
        connection.begin()
        return (connection, events)
    }

    /// After the end: kills what is left in the cgroup, and removes it.
    public func clean(cgroup path: String) throws(EngineError) {
        let cgroup = cgroups.open(path)
        try? cgroup.kill()
        FailPoint.after("runtime.cgroup.kill")
        try cgroup.remove()
    }

    /// Once it is written down elsewhere how the container ended: removes its folder.
    public func forget(_ id: String) throws(Errno) { try Files.removeTree(folder(id)) }

    /// This daemon is about to end: clients that go now go because of that.
    public func leave() { isLeaving.store(true, ordering: .relaxed) }

    /// Ids that have a folder here.
    public func known() -> [String] { (try? Files.list("\(execRoot)/containers"))?.filter(Identifier.isFull) ?? [] }

    /// Whether a shim has its socket here.
    public func hasSocket(_ id: String) -> Bool { Files.exists("\(folder(id))/\(ShimSocket.name)") }

    private func discard(_ folder: String) { try? Files.removeTree(folder) }
}

private func reap(_ pid: Int32) {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
}
