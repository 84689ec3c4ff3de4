import EngineErrors
import Glibc
import LinuxSystem

/// How a driver's file gets a process of its own.
struct HostLaunch: Sendable {
    /// The executable `gantry-driver-host`.
    var program: String
    /// The driver's file.
    var path: String
    var checksOwnership: Bool
    /// Seconds after which a call that hangs, and with it the process, is ended; nil: whoever calls sees to that.
    var deadline: Int?

    /// Starts the process. Standard error is this process's: it carries the driver's messages.
    func spawn() throws(Errno) -> HostProcess {
        let (mine, theirs) = try HostSocket.pair()
        var actions = posix_spawn_file_actions_t(), attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        // Lifted first: dup2 to the same number would leave it to be closed on exec.
        let lifted = OwnedFD(adopting: try Errno.check("dup", fcntl(theirs.raw, F_DUPFD_CLOEXEC, 10)))
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, lifted.raw, HostServer.descriptor)
        // Connections to the engine's clients stay open for as long as any process has them.
        SpawnActions.closeFrom(HostServer.descriptor + 1, &actions)
        var none = sigset_t(), all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(0x80 /* POSIX_SPAWN_SETSID */ | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let argv = [strdup("gantry-driver-host"), strdup(path), strdup(checksOwnership ? "checked" : "unchecked"), nil]
        let environment = (["SWIFT_BACKTRACE=enable=no"] + [FailPoint.inherited].compactMap(\.self)).map { strdup($0) } + [nil]
        defer { for text in argv + environment { free(text) } }
        var pid: Int32 = 0
        let code = posix_spawn(&pid, program, &actions, &attributes, argv, environment)
        if code != 0 { throw Errno(code, "start \(program)") }
        return HostProcess(pid, mine, deadline: deadline)
    }

    /// What the file says of itself, told by a process that ends with it: nothing of the file runs in this one. Blocks.
    /// - Throws: the loader's sentence, or how the process ended.
    func describe() throws(EngineError) -> DriverDescription {
        var limited = self
        limited.deadline = 10
        let process: HostProcess
        do throws(Errno) { process = try limited.spawn() } catch {
            throw EngineError(.internal, "the driver file \(path) was not examined: \(error)", errno: error.code, underlying: error)
        }
        defer { process.kill() }
        do { return try process.greeting(path) } catch { throw EngineError.wrapping(error) }
    }
}
