import CLauncher
import Glibc
import LinuxSystem
import ShimProtocol

// More processes in the container.
extension Supervisor {
    /// How many of those that ended are remembered.
    private static let remembered = 100

    func exec(_ message: Message, _ client: Client) {
        // It was asked for while this process was stopped, and nobody waits for it any more.
        if client.peerIsGone { return client.close() }
        let fields = message.fields, id = fields.string(.process)
        guard let first, first.exitCode == nil, execs[id] == nil else {
            return client.send(Self.failed(message.sequence, 0, ESRCH, "the container is not running"))
        }
        let process = ContainerProcess(id: id, fields, loop: loop, log: { nil }, inputLost: { [self] in inputLost($0) })
        let channel: Int32
        do throws(Errno) { channel = try enter(process, fields) } catch {
            return client.send(Self.failed(message.sequence, Int32(GANTRY_STAGE_CLONE.rawValue), error.code, error.action))
        }
        execs[id] = process
        if fields.flag(.wantsInput) || fields.flag(.wantsOutput) || fields.flag(.wantsError) { client.process = process }
        var isReady = false
        func proceed(_ launch: Launch) {
            guard isReady, process.pid > 0 else { return }
            do throws(Errno) { try joinCgroups(process.pid) } catch {
                client.send(Self.failed(message.sequence, Int32(GANTRY_STAGE_CGROUP.rawValue), error.code, error.action))
                launch.close()
                return giveUp(process)
            }
            launch.proceed()
        }
        _ = Launch(channel, loop) { [self] launch, news in
            switch news {
            case .pid(let pid):
                process.setPID(pid)
                proceed(launch)
            case .terminal(let master): process.adoptTerminal(master)
            case .ready:
                isReady = true
                proceed(launch)
            case .failed(let stage, let code, let text):
                client.send(Self.failed(message.sequence, stage, code, text))
                giveUp(process)
            case .executed:
                process.isStarted = true
                client.send(Message(.started, sequence: message.sequence, Self.pid(process.pid)))
                if client.process === process { becomeStream(client, process, fields) }
                if let code = unclaimed.removeValue(forKey: process.pid) { finish(process, code) }
            }
        }
    }

    /// - Returns: the channel to the process.
    private func enter(_ process: ContainerProcess, _ fields: Fields) throws(Errno) -> Int32 {
        let memory = Plan()
        defer { withExtendedLifetime(memory) {} }
        var plan = memory.process(fields), channel: Int32 = -1
        try process.launch(&plan, openInput: fields.flag(.openInput)) { plan throws(Errno) in
            disregarded.insert(try Errno.check("clone", gantry_enter(sandbox.target, sandbox.namespaces, &plan, &channel)))
            return 0
        }
        return channel
    }

    /// It could not run: nobody hears of its end.
    private func giveUp(_ process: ContainerProcess) {
        execs[process.id] = nil
        process.exited(127)
        if process.pid > 0, unclaimed.removeValue(forKey: process.pid) == nil { disregarded.insert(process.pid) }
    }

    func finish(_ process: ContainerProcess, _ code: Int32) {
        // Before its streams end: whoever sees them end and asks for the status gets it.
        tellExited(process.id, code, Self.now())
        process.exited(code)
        execs[process.id] = nil
        if endedExecs.count == Self.remembered { endedExecs.removeFirst() }
        endedExecs.append(Self.state(of: process))
        leaveIfDone()
    }
}
