import CLinux
public import EngineErrors
import Glibc
import LinuxSystem

/// The shim's executable as a sealed copy in memory: nothing in a container can overwrite what later shims run.
public final class ShimProgram: Sendable {
    private let descriptor: Int32

    /// - Throws: `.notFound` when there is no executable at `path`.
    public init(path: String) throws(EngineError) {
        do throws(Errno) {
            let bytes = try Files.read(path)
            let file = OwnedFD(adopting: try Errno.check("memfd_create", memfd_create("gantry-shim", UInt32(MFD_CLOEXEC | MFD_ALLOW_SEALING))))
            // High up, where no descriptor that a shim inherits is put on it.
            descriptor = try Errno.check("dup", fcntl(file.raw, F_DUPFD_CLOEXEC, 1000))
            var failure: Errno?
            bytes.withUnsafeBytes { buffer in
                do throws(Errno) { try Files.writeAll(descriptor, buffer, "memfd") } catch { failure = error }
            }
            if let failure { throw failure }
            let seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE
            try Errno.check("seal the shim", fcntl(descriptor, F_ADD_SEALS, seals))
        } catch {
            throw EngineError(error.code == ENOENT ? .notFound : .internal, "the shim's executable can't be used: \(error)", errno: error.code, underlying: error)
        }
    }

    /// Starts a shim in a session of its own. `descriptors` become 3, 4, 5, … in it; they stay the caller's.
    func spawn(arguments: [String], descriptors: [Int32], errors: String) throws(Errno) -> Int32 {
        var actions = posix_spawn_file_actions_t(), attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // Lifted first: a source must not lie where another one goes.
        var lifted: [Int32] = []
        defer { for descriptor in lifted { close(descriptor) } }
        for (index, descriptor) in descriptors.enumerated() {
            let copy = try Errno.check("dup", fcntl(descriptor, F_DUPFD_CLOEXEC, Int32(3 + descriptors.count)))
            lifted.append(copy)
            posix_spawn_file_actions_adddup2(&actions, copy, Int32(3 + index))
        }
        // What the daemon has open besides is not the shim's: a client's connection ends with the daemon only if nobody
        // else has it. The program itself stays, or there would be nothing to execute.
        let program = Int32(3 + descriptors.count)
        posix_spawn_file_actions_adddup2(&actions, descriptor, program)
        SpawnActions.closeFrom(program + 1, &actions)
        var none = sigset_t(), all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(0x80 /* POSIX_SPAWN_SETSID */ | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let argv = (["gantry-shim"] + arguments).map { strdup($0) } + [nil]
        let environment = (["SWIFT_BACKTRACE=enable=no"] + [FailPoint.inherited].compactMap(\.self)).map { strdup($0) } + [nil]
        defer { for text in argv + environment { free(text) } }
        var pid: Int32 = 0
        let code = posix_spawn(&pid, "/proc/self/fd/\(program)", &actions, &attributes, argv, environment)
        if code != 0 { throw Errno(code, "start the shim") }
        return pid
    }

    deinit { close(descriptor) }
}
