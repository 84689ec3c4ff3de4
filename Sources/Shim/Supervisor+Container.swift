import CLauncher
import CLinux
import Glibc
import LinuxSystem
import ShimProtocol

// The container's first process, from its clone to its end.
extension Supervisor {
    func create(_ message: Message, _ client: Client) {
        guard first == nil else { return client.send(Self.failed(message.sequence, 0, EEXIST, "the container exists")) }
        creator = client
        client.wantsEvents = true
        let fields = message.fields
        sandbox.exitFile = fields.string(.exitFile)
        sandbox.cgroupFiles = fields.strings(.cgroupFile)
        sandbox.kept = fields.numbers(.keptDescriptor).map { Int32($0) }
        sandbox.namespaces = Self.namespacesToEnter(fields)
        let process: ContainerProcess
        do throws(Errno) { process = try clone(fields) } catch {
            // Of what there is not, nobody will ask for the start.
            return client.send(Self.failed(message.sequence, Int32(GANTRY_STAGE_CLONE.rawValue), error.code, error.action))
        }
        first = process
        do {
            FailPoint.after("shim.clone")
            for group in fields.groups(.descriptor) {
                becomeStream(Client(Int32(group.number(.descriptor)), loop), process, group)
            }
            sandbox.target = gantry_pidfd_open(process.pid)
            _ = fcntl(sandbox.target, F_SETFD, FD_CLOEXEC)
            client.send(Message(.created, sequence: message.sequence, Self.pid(process.pid)))
            // The child sets up its mounts while this process joins its cgroups and loads the log driver.
            try joinCgroups(process.pid)
            adjustOOM(process.pid, fields)
            let pump = try LogPump(fields, loop)
            try pump?.begin()
            log = pump
            log?.onWrite = { [self] in logMoved() }
            FailPoint.after("shim.log.open")
        } catch let error as Errno {
            giveUp(Self.failed(0, Int32(GANTRY_STAGE_CLONE.rawValue), error.code, error.action))
        } catch {
            giveUp(Self.failed(0, 0, EIO, "\(error)"))
        }
    }

    private func clone(_ fields: Fields) throws(Errno) -> ContainerProcess {
        let memory = Plan(), sandbox = memory.sandbox(fields)
        defer { withExtendedLifetime(memory) {} }
        var plan = memory.process(fields), channel: Int32 = -1
        let process = ContainerProcess(id: "", fields, loop: loop, log: { [self] in log }, inputLost: { [self] in inputLost($0) })
        try process.launch(&plan, openInput: fields.flag(.openInput)) { plan throws(Errno) in
            try Errno.check("clone", withUnsafePointer(to: sandbox) { gantry_launch($0, &plan, &channel) })
        }
        follow(channel, process)
        return process
    }

    /// What an exec'd process joins: all that the container's first process does not share with the host.
    private static func namespacesToEnter(_ fields: Fields) -> UInt64 {
        UInt64(fields.number(.namespaces)) | (fields.flag(.newCgroupNamespace) ? UInt64(CLONE_NEWCGROUP) : 0)
            | (fields.number(.networkNamespace) >= 0 ? UInt64(CLONE_NEWNET) : 0)
    }

    /// The message goes out as the answer to `start`; a child that waits is let go of.
    private func giveUp(_ message: Message) {
        start.failure = message
        if let pid = first?.pid, pid > 0 { kill(pid, SIGKILL) }
        answerStart()
    }

    /// Nobody else can ask for the start any more: a later daemon does not know what this one had in mind.
    func creatorLeft() {
        creator = nil
        if first != nil && !start.wasAsked { giveUp(Self.failed(0, 0, ECONNRESET, "the daemon ended before the start")) }
    }

    private func follow(_ channel: Int32, _ process: ContainerProcess) {
        launch = Launch(channel, loop) { [self] launch, news in
            switch news {
            case .pid: break
            case .terminal(let master): process.adoptTerminal(master)
            case .ready:
                start.isReady = true
                proceed()
            case .failed(let stage, let code, let text):
                start.failure = Self.failed(0, stage, code, text)
                answerStart()
            case .executed:
                self.launch = nil
                // Without a report this is the exec; a child that was killed before it is reaped instead.
                guard start.failure == nil && process.exitCode == nil else { return }
                start.time = Self.now()
                answerStart()
            }
        }
    }

    func startAsked(_ message: Message) {
        FailPoint.after("shim.start.receive")
        start.wasAsked = true
        start.sequence = message.sequence
        if start.failure != nil { answerStart() } else { proceed() }
    }

    private func proceed() {
        guard start.isReady, start.sequence != nil, start.failure == nil else { return }
        launch?.proceed()
    }

    private func answerStart() {
        guard let sequence = start.sequence else { return }
        start.sequence = nil
        if var failure = start.failure {
            failure.sequence = sequence
            creator?.send(failure)
        } else {
            creator?.send(Message(.started, sequence: sequence, Self.pid(first?.pid ?? 0)))
        }
    }

    func joinCgroups(_ pid: Int32) throws(Errno) {
        for file in sandbox.cgroupFiles {
            let descriptor = try Files.open(file, O_WRONLY)
            var failed: Errno?
            Array(String(pid).utf8).withUnsafeBytes { bytes in
                do throws(Errno) { try Files.writeAll(descriptor.raw, bytes, file) } catch { failed = error }
            }
            if let failed { throw failed }
        }
    }

    private func adjustOOM(_ pid: Int32, _ fields: Fields) {
        let score = fields.number(.oomScore)
        guard score != 0, let file = try? Files.open("/proc/\(pid)/oom_score_adj", O_WRONLY) else { return }
        Array(String(score).utf8).withUnsafeBytes { bytes in try? Files.writeAll(file.raw, bytes) }
    }

    func finishContainer(_ process: ContainerProcess, _ code: Int32) {
        ended = Self.now()
        // Whoever hears of the end may start the container again, with the same ports.
        for descriptor in sandbox.kept { Glibc.close(descriptor) }
        sandbox.kept = []
        process.exited(code)
        keepStatus(code)
        closeLog()
        FailPoint.after("shim.log.close")
        if start.failure == nil && start.sequence != nil {
            start.failure = Self.failed(0, 0, ECHILD, "the container's first process ended before it could run")
        }
        answerStart()
        tellExited("", code, ended)
        if daemons.contains(where: \.wantsEvents) { isEndKnown = true }
        leaveIfDone()
    }

    /// For a daemon that comes later. What never ran has no status, and without room for the file this process stays until
    /// one has come.
    private func keepStatus(_ code: Int32) {
        guard start.time != 0 else {
            isEndKnown = true
            return
        }
        do throws(Errno) {
            try FailPoint.before("shim.exit.file")
            try Files.replace(sandbox.exitFile, with: Array("\(code) \(ended)\n".utf8))
            FailPoint.after("shim.exit.file")
            isEndKnown = true
        } catch {
            let text = Array("gantry-shim: the exit status \(code) can't be written: \(error)\n".utf8)
            text.withUnsafeBytes { bytes in try? Files.writeAll(2, bytes) }
        }
    }
}
