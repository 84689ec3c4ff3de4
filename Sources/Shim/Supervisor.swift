import CLinux
import Glibc
import LinuxSystem
import ShimProtocol

/// Watches over one container: starts its processes, carries their streams, keeps their exit statuses.
final class Supervisor {
    let loop: EventLoop
    var daemons: [Client] = []
    /// Those that are attached to processes.
    var attached: [Client] = []
    var log: LogPump?
    var logChange: LogChange?
    /// That are in none of its logs.
    var lostLines = 0
    var first: ContainerProcess?
    /// Those that run.
    var execs: [String: ContainerProcess] = [:]
    /// What `state` says of the last execs that ended, the oldest first.
    var endedExecs: [Fields] = []
    /// Exits of processes that were not known yet when they were reaped.
    var unclaimed: [Int32: Int32] = [:]
    /// Processes whose exit means nothing: those that clone an exec inside the container, and execs that could not run.
    var disregarded: Set<Int32> = []
    var sandbox = Sandbox()
    var creator: Client?
    var launch: Launch?
    var start = StartProgress()
    /// ns since 1970; 0: not yet.
    var ended: Int64 = 0
    /// Somebody knows how the container ended: there is a file, or a daemon was told.
    var isEndKnown = false

    /// What the container is made of, as far as later processes need it.
    struct Sandbox {
        var exitFile = ""
        var cgroupFiles: [String] = []
        var namespaces: UInt64 = 0
        var target: Int32 = -1
        /// What lasts as long as the container: reserved ports.
        var kept: [Int32] = []
    }

    struct StartProgress {
        var isReady = false
        var wasAsked = false
        var sequence: UInt32?
        var failure: Message?
        /// When the first process was executed, ns since 1970; 0: not yet.
        var time: Int64 = 0
    }

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
            } else if disregarded.remove(pid) == nil {
                unclaimed[pid] = code
            }
        }
    }

    /// The shim's work ends with the container, once everybody who listens has got everything, also of its execs.
    func leaveIfDone() {
        guard let first else {
            loop.isFinished = daemons.isEmpty
            return
        }
        guard first.exitCode != nil, attached.isEmpty, isEndKnown, !daemons.contains(where: { $0.pending > 0 }) else { return }
        loop.isFinished = true
    }

    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
