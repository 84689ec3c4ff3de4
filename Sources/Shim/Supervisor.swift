import CLauncher
import CLinux
import EngineErrors
import Glibc
import LinuxSystem
import ShimProtocol

/// Watches over one container: starts its processes, carries their streams, keeps its exit status.
final class Supervisor {
    let loop: EventLoop
    private var daemons: [Client] = []
    private var log: LogPump?
    /// That are in none of its logs.
    private var lostLines = 0
    private var first: ContainerProcess?
    private var execs: [String: ContainerProcess] = [:]
    /// Exits of processes that were not known yet when they were reaped.
    private var unclaimed: [Int32: Int32] = [:]
    private var exitFile = ""
    private var cgroupFiles: [String] = []
    private var namespaces: UInt64 = 0
    private var target: Int32 = -1
    private var creator: Client?
    private var launch: Launch?
    private var isReady = false
    private var startSequence: UInt32?
    private var failure: Message?

    init(listening listener: Int32, first connection: Int32) throws(Errno) {
        loop = try EventLoop()
        accept(connection)
        loop.add(listener, EventLoop.readable) { [self] _ in
            let descriptor = gantry_accept(listener)
            if descriptor >= 0 { accept(descriptor) }
        }
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGCHLD)
        sigprocmask(SIG_BLOCK, &signals, nil)
        let children = try Errno.check("signalfd", signalfd(-1, &signals, Int32(SFD_CLOEXEC | SFD_NONBLOCK)))
        loop.add(children, EventLoop.readable) { [self] _ in
            var information = signalfd_siginfo()
            _ = read(children, &information, MemoryLayout<signalfd_siginfo>.size)
            reap()
        }
    }

    // MARK: connections

    private func accept(_ descriptor: Int32) {
        let client = Client(descriptor, loop)
        daemons.append(client)
        client.onInput = { [self] client, bytes in
            client.decoder.feed(bytes)
            receive(client)
        }
        client.onClose = { [self] client in
            daemons.removeAll { $0 === client }
            leaveIfDone()
        }
    }

    private func receive(_ client: Client) {
        do {
            while case .messages = client.role, !client.isClosed, let message = try client.decoder.next() { handle(message, client) }
        } catch {
            client.close()
        }
    }

    private func handle(_ message: Message, _ client: Client) {
        switch message.kind {
        case .create: create(message, client)
        case .start: start(message)
        case .attach: attach(message, client)
        case .exec: exec(message, client)
        case .resize: resize(message, client)
        case .closeInput: process(message.fields.string(.process))?.closeInput()
        case .subscribe: subscribe(message, client)
        case .replaceLog: replaceLog(message, client)
        default: client.send(Self.failed(message.sequence, 0, EPROTO, "unexpected message"))
        }
    }

    private func process(_ id: String) -> ContainerProcess? { id.isEmpty ? first : execs[id] }

    private func subscribe(_ message: Message, _ client: Client) {
        client.wantsEvents = !message.fields.flag(.wantsOutput)
        client.wantsLogged = message.fields.flag(.wantsOutput)
        var fields = Fields()
        fields.add(.version, Int64(shimProtocolVersion))
        fields.add(.pid, Int64(first?.pid ?? 0))
        fields.add(.running, first?.exitCode == nil)
        for process in execs.values {
            var group = Fields()
            group.add(.process, process.id)
            group.add(.pid, Int64(process.pid))
            if let code = process.exitCode { group.add(.code, Int64(code)) } else { group.add(.running, true) }
            fields.add(.kind, group)
        }
        client.send(Message(.state, sequence: message.sequence, fields))
    }

    private func resize(_ message: Message, _ client: Client) {
        let fields = message.fields
        let size = (UInt16(truncatingIfNeeded: fields.number(.rows)), UInt16(truncatingIfNeeded: fields.number(.columns)))
        let done = process(fields.string(.process))?.resize(rows: size.0, columns: size.1) ?? false
        client.send(done ? Message(.accepted, sequence: message.sequence) : Self.failed(message.sequence, 0, ENOTTY, "no terminal"))
    }

    /// The next line goes to another driver, or another file of the same one. Both are open at the same time, and what
    /// the old one was given is written before it is closed. An error leaves it in its place.
    private func replaceLog(_ message: Message, _ client: Client) {
        guard let first, first.exitCode == nil else {
            return client.send(Self.failed(message.sequence, 0, ESRCH, "the container is not running"))
        }
        do throws(EngineError) {
            let new = try LogPump(message.fields, loop)
            new?.onWrite = { [self] in logMoved() }
            closeLog()
            log = new
        } catch {
            return client.send(Self.failed(message.sequence, 0, error.errno ?? EIO, error.message))
        }
        client.send(Message(.accepted, sequence: message.sequence))
        // Readers look for what comes after the old one.
        logMoved()
    }

    private func attach(_ message: Message, _ client: Client) {
        guard let process = process(message.fields.string(.process)) else {
            return client.send(Self.failed(message.sequence, 0, ESRCH, "no such process"))
        }
        client.send(Message(.accepted, sequence: message.sequence))
        becomeStream(client, process, message.fields)
    }

    private func becomeStream(_ client: Client, _ process: ContainerProcess, _ fields: Fields) {
        daemons.removeAll { $0 === client }
        client.role = .stream(wantsInput: fields.flag(.wantsInput), wantsOutput: fields.flag(.wantsOutput), wantsError: fields.flag(.wantsError))
        process.attach(client)
        let close = client.onClose
        client.onClose = { [self] client in
            close(client)
            leaveIfDone()
        }
        let early = client.decoder.rest
        if !early.isEmpty { early.withUnsafeBytes { client.onInput(client, $0) } }
    }

    // MARK: the container

    private func create(_ message: Message, _ client: Client) {
        guard first == nil else { return client.send(Self.failed(message.sequence, 0, EEXIST, "the container exists")) }
        creator = client
        client.wantsEvents = true
        let fields = message.fields
        exitFile = fields.string(.exitFile)
        cgroupFiles = fields.strings(.cgroupFile)
        namespaces = Self.namespacesToEnter(fields)
        do {
            let sandbox = Plan.sandbox(fields)
            var plan = Plan.process(fields), channel: Int32 = -1
            let waiting = fields.groups(.descriptor)
            // The child sets up its mounts while this process joins its cgroups and loads the log driver.
            let process = ContainerProcess(id: "", fields, logSource: { [self] in log }, loop: loop)
            try process.launch(&plan, openInput: fields.flag(.openInput)) { plan throws(Errno) in
                try Errno.check("clone", withUnsafePointer(to: sandbox) { gantry_launch($0, &plan, &channel) })
            }
            first = process
            for group in waiting {
                becomeStream(Client(Int32(group.number(.descriptor)), loop), process, group)
            }
            target = gantry_pidfd_open(process.pid)
            _ = fcntl(target, F_SETFD, FD_CLOEXEC)
            client.send(Message(.created, sequence: message.sequence, Self.pid(process.pid)))
            follow(channel, process)
            try joinCgroups(process.pid)
            adjustOOM(process.pid, fields)
            log = try LogPump(fields, loop)
            log?.onWrite = { [self] in logMoved() }
        } catch let error as Errno {
            giveUp(Self.failed(0, Int32(GANTRY_STAGE_CLONE.rawValue), error.code, error.action))
        } catch {
            giveUp(Self.failed(0, 0, EIO, "\(error)"))
        }
    }

    /// What an exec'd process joins: all that the container's first process does not share with the host.
    private static func namespacesToEnter(_ fields: Fields) -> UInt64 {
        UInt64(fields.number(.namespaces)) | (fields.flag(.newCgroupNamespace) ? UInt64(CLONE_NEWCGROUP) : 0)
            | (fields.number(.networkNamespace) >= 0 ? UInt64(CLONE_NEWNET) : 0)
    }

    /// The message goes out as the answer to `start`; a child that waits is let go of.
    private func giveUp(_ message: Message) {
        failure = message
        if let pid = first?.pid, pid > 0 { kill(pid, SIGKILL) }
        answerStart()
        if first == nil { loop.isFinished = creator == nil }
    }

    private func follow(_ channel: Int32, _ process: ContainerProcess) {
        launch = Launch(channel, loop) { [self] launch, news in
            switch news {
            case .pid: break
            case .terminal(let master): process.adoptTerminal(master)
            case .ready:
                isReady = true
                proceed()
            case .failed(let stage, let code, let text):
                failure = Self.failed(0, stage, code, text)
                answerStart()
            case .executed:
                self.launch = nil
                // Without a report this is the exec; a child that was killed before it is reaped instead.
                if failure == nil && process.exitCode == nil { answerStart() }
            }
        }
    }

    private func start(_ message: Message) {
        startSequence = message.sequence
        if failure != nil { answerStart() } else { proceed() }
    }

    private func proceed() {
        guard isReady, startSequence != nil, failure == nil else { return }
        launch?.proceed()
    }

    private func answerStart() {
        guard let sequence = startSequence else { return }
        startSequence = nil
        if var failure {
            failure.sequence = sequence
            creator?.send(failure)
        } else {
            creator?.send(Message(.started, sequence: sequence, Self.pid(first?.pid ?? 0)))
        }
    }

    private func joinCgroups(_ pid: Int32) throws(Errno) {
        for file in cgroupFiles {
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

    // MARK: execs

    private func exec(_ message: Message, _ client: Client) {
        // It was asked for while this process was stopped, and nobody waits for it any more.
        if client.peerIsGone { return client.close() }
        let fields = message.fields, id = fields.string(.process)
        guard let first, first.exitCode == nil, execs[id] == nil else {
            return client.send(Self.failed(message.sequence, 0, ESRCH, "the container is not running"))
        }
        let process = ContainerProcess(id: id, fields, logSource: { nil }, loop: loop)
        var plan = Plan.process(fields), channel: Int32 = -1
        do throws(Errno) {
            try process.launch(&plan, openInput: fields.flag(.openInput)) { plan throws(Errno) in
                _ = try Errno.check("clone", gantry_enter(target, namespaces, &plan, &channel))
                return 0
            }
        } catch {
            return client.send(Self.failed(message.sequence, Int32(GANTRY_STAGE_CLONE.rawValue), error.code, error.action))
        }
        execs[id] = process
        if fields.flag(.wantsInput) || fields.flag(.wantsOutput) || fields.flag(.wantsError) { client.process = process }
        var isReady = false
        func proceed(_ launch: Launch) {
            guard isReady, process.pid > 0 else { return }
            do throws(Errno) { try joinCgroups(process.pid) } catch {
                client.send(Self.failed(message.sequence, Int32(GANTRY_STAGE_CGROUP.rawValue), error.code, error.action))
                return launch.close()
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
                execs[id] = nil
                process.exited(127)
            case .executed:
                process.isStarted = true
                client.send(Message(.started, sequence: message.sequence, Self.pid(process.pid)))
                if client.process === process { becomeStream(client, process, fields) }
                if let code = unclaimed.removeValue(forKey: process.pid) { finish(process, code) }
            }
        }
    }

    // MARK: exits

    private func reap() {
        while true {
            var status: Int32 = 0
            let pid = waitpid(-1, &status, WNOHANG)
            guard pid > 0 else { return }
            let code = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
            if let first, first.pid == pid {
                finishContainer(first, code)
            } else if let process = execs.values.first(where: { $0.pid == pid && $0.isStarted }) {
                finish(process, code)
            } else {
                unclaimed[pid] = code
            }
        }
    }

    private func finish(_ process: ContainerProcess, _ code: Int32) {
        // Before its streams end: whoever sees them end and asks for the status gets it.
        tellExited(process.id, code)
        process.exited(code)
        // A daemon that comes later still learns the code; without one it would be lost.
        if daemons.contains(where: { $0.wantsEvents }) { execs[process.id] = nil }
        leaveIfDone()
    }

    private func finishContainer(_ process: ContainerProcess, _ code: Int32) {
        process.exited(code)
        do throws(Errno) { try Files.replace(exitFile, with: Array("\(code) \(Self.now())\n".utf8)) } catch {
            // The daemon still hears it, if there is one.
        }
        closeLog()
        if failure == nil && startSequence != nil {
            failure = Self.failed(0, 0, ECHILD, "the container's first process ended before it could run")
        }
        answerStart()
        tellExited("", code)
        leaveIfDone()
    }

    private func closeLog() {
        log?.close()
        lostLines += log?.lost ?? 0
        log = nil
    }

    private func tellExited(_ id: String, _ code: Int32) {
        var fields = Fields()
        fields.add(.process, id)
        fields.add(.code, Int64(code))
        fields.add(.time, Self.now())
        if id.isEmpty && lostLines > 0 { fields.add(.lostLines, Int64(lostLines)) }
        for client in daemons where client.wantsEvents { client.send(Message(.exited, fields)) }
    }

    private func logMoved() {
        tellLogged()
        first?.resume()
    }

    /// A reader that has not taken the last one needs no other.
    private func tellLogged() {
        for client in daemons where client.wantsLogged && client.pending == 0 { client.send(Message(.logged)) }
    }

    /// The shim's work ends with the container, once everybody who listens has got everything.
    private func leaveIfDone() {
        guard let first else {
            loop.isFinished = daemons.isEmpty
            return
        }
        guard first.isDone, !daemons.contains(where: { $0.pending > 0 }) else { return }
        loop.isFinished = true
    }

    private static func pid(_ pid: Int32) -> Fields {
        var fields = Fields()
        fields.add(.pid, Int64(pid))
        return fields
    }

    private static func failed(_ sequence: UInt32, _ stage: Int32, _ code: Int32, _ text: String) -> Message {
        var fields = Fields()
        fields.add(.stage, Int64(stage))
        fields.add(.code, Int64(code))
        fields.add(.text, text)
        return Message(.failed, sequence: sequence, fields)
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
