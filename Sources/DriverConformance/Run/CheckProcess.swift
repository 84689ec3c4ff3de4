import CLinux
import Glibc
import LinuxSystem

/// How a child ended, and what it said.
struct Ending: Sendable {
    enum Cause: Sendable, Equatable {
        case exited(Int32)
        case signal(Int32)
        case deadline(seconds: Int)
    }
    var cause: Cause
    var lines: [(word: ChildReport.Word, text: String)]

    var lastStep: String? { lines.last { $0.word == .step }?.text }
    /// The facts it told, in order.
    var facts: [String] { lines.filter { $0.word == .fact }.map(\.text) }
}

/// A child with a deadline. Its process group goes with it.
enum CheckProcess {
    /// - Parameter errors: file for its standard output and error.
    static func run(_ arguments: [String], errors: String, seconds: Int) throws -> Ending {
        var ends: [Int32] = [0, 0]
        try Errno.check("pipe", pipe2(&ends, O_CLOEXEC))
        let reader = OwnedFD(adopting: ends[0])
        let pid: pid_t
        do {
            defer { close(ends[1]) }
            pid = try spawn(arguments, report: ends[1], errors: errors)
        }
        let deadline = Clock.now + Double(seconds)
        let (lines, isLate) = collect(reader.raw, until: deadline)
        // Whatever it started ends with it.
        if isLate { kill(-pid, SIGKILL) }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        kill(-pid, SIGKILL)
        if isLate { return Ending(cause: .deadline(seconds: seconds), lines: lines) }
        return Ending(cause: status & 0x7f == 0 ? .exited((status >> 8) & 0xff) : .signal(status & 0x7f), lines: lines)
    }

    private static func spawn(_ arguments: [String], report: Int32, errors: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        posix_spawn_file_actions_adddup2(&actions, report, ChildReport.descriptor)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        let argv = arguments.map { strdup($0) } + [nil]
        let envp = environment().map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, arguments[0], &actions, &attributes, argv, envp)
        if code != 0 { throw Errno(code, "run \(arguments[0])") }
        return pid
    }

    /// The caller's, without the Swift runtime's walk over a crashed process: it takes seconds.
    private static func environment() -> [String] {
        var result = ["SWIFT_BACKTRACE=enable=no"]
        var entry = Glibc.environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if !line.hasPrefix("SWIFT_BACKTRACE=") { result.append(line) }
            entry += 1
        }
        return result
    }

    private static func collect(_ descriptor: Int32, until deadline: Double) -> ([(word: ChildReport.Word, text: String)], Bool) {
        var bytes: [UInt8] = []
        var isLate = false
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let rest = deadline - Clock.now
            if rest <= 0 {
                isLate = true
                break
            }
            var end = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&end, 1, Int32(rest * 1000) + 1) > 0 else { continue }
            let count = read(descriptor, &buffer, buffer.count)
            if count <= 0 { break }
            bytes += buffer[..<count]
        }
        let lines = bytes.split(separator: 0x0a).compactMap { ChildReport.parse(String(decoding: $0, as: UTF8.self)) }
        return (lines.map { (word: $0.0, text: $0.1) }, isLate)
    }
}

/// Seconds of the monotonic clock.
enum Clock {
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
