import CLinux
import Glibc
import LinuxSystem

/// A program run to its end, with everything it wrote.
public struct Command: Sendable {
    public var output: String
    public var errors: String
    /// The exit status, 128 + signal, or -1 when it ran out of time and was killed.
    public var status: Int32

    /// - Parameters:
    ///   - arguments: [0] is the program, looked up in PATH when it has no slash.
    ///   - environment: what is set besides this process's own.
    ///   - seconds: after that long it is killed.
    @discardableResult
    public static func run(_ arguments: [String], environment: [String: String] = [:], input: String? = nil, seconds: Int = 60) -> Command {
        let process = Child(arguments, environment: environment, input: input)
        return process.finish(seconds: seconds)
    }

    /// A line for sh, on a terminal whose user types nothing, or `keys`, as printf(1) writes them, every now and then until
    /// the line has ended. At the end of its input script(1) would type for him.
    public static func onTerminal(_ line: String, typing keys: String = "", environment: [String: String]) -> Command {
        // Not a child of script(1), which waits for all that it has.
        let typist = keys.isEmpty ? "" : "(while sleep 0.2 && kill -0 $$; do printf '\(keys)' >&3; done >/dev/null 2>&1 &); "
        return run(["sh", "-c", "pipe=$(mktemp -u) && mkfifo $pipe && exec 3<>$pipe && rm $pipe || exit 2; \(typist)exec script -qec \"$0\" /dev/null <&3", line], environment: environment)
    }

    /// Both streams, for messages of failed expectations.
    public var everything: String { "status \(status)\n\(output)\(errors)" }
}

/// A program that runs beside the test.
public final class Child {
    public let pid: Int32
    private var output: Int32
    private var errors: Int32
    private var collected: [Int32: [UInt8]] = [:]

    /// - Parameter errorFile: takes stderr, so that a long-lived program never waits for its reader.
    public init(_ arguments: [String], environment: [String: String] = [:], input: String? = nil, errorFile: String? = nil) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let (outRead, outWrite) = Self.pipe(), (errorRead, errorWrite) = Self.pipe()
        var inputEnds: (Int32, Int32)?
        if input != nil {
            inputEnds = Self.pipe()
            posix_spawn_file_actions_adddup2(&actions, inputEnds!.0, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, outWrite, 1)
        if let errorFile {
            posix_spawn_file_actions_addopen(&actions, 2, errorFile, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        } else {
            posix_spawn_file_actions_adddup2(&actions, errorWrite, 2)
        }
        let argv = arguments.map { strdup($0) } + [nil]
        var values: [String: String] = [:]
        var entry = Glibc.environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            values[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
            entry += 1
        }
        values.merge(environment) { _, new in new }
        let envp = values.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        var pid: Int32 = 0
        let code = posix_spawnp(&pid, arguments[0], &actions, nil, argv, envp)
        close(outWrite)
        close(errorWrite)
        self.pid = code == 0 ? pid : -1
        output = outRead
        errors = errorRead
        if let ends = inputEnds, let input {
            close(ends.0)
            var bytes = Array(input.utf8)
            // Small inputs only: what does not fit into the pipe would block.
            precondition(bytes.count <= 60000, "the input of a test command must fit into a pipe")
            _ = write(ends.1, &bytes, bytes.count)
            close(ends.1)
        }
        if code != 0 { collected[errorRead] = Array("cannot run \(arguments[0]): \(String(cString: strerror(code)))".utf8) }
    }

    /// Waits for the end of the streams and of the program.
    public func finish(seconds: Int = 60) -> Command {
        let deadline = Self.now() + Double(seconds)
        var isLate = false
        while output >= 0 || errors >= 0 {
            let rest = deadline - Self.now()
            if rest <= 0 {
                isLate = true
                if pid > 0 { kill(pid, SIGKILL) }
                break
            }
            readSome(milliseconds: Int32(rest * 1000) + 1)
        }
        var status: Int32 = 127 << 8
        if pid > 0 { waitpid(pid, &status, 0) }
        let code = isLate ? -1 : status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
        return Command(output: text(1), errors: text(2), status: code)
    }

    /// Reads until stdout has `wanted`; false: it did not come in time.
    public func waitForOutput(_ wanted: String, seconds: Int = 60) -> Bool { waitForOutput(wanted, milliseconds: seconds * 1000) }

    public func waitForOutput(_ wanted: String, milliseconds: Int) -> Bool {
        let deadline = Self.now() + Double(milliseconds) / 1000
        while !text(1).contains(wanted) {
            guard output >= 0, Self.now() < deadline else { return false }
            readSome(milliseconds: Int32(min(100, (deadline - Self.now()) * 1000) + 1))
        }
        return true
    }

    public func signal(_ number: Int32) { kill(pid, number) }

    /// Its status is still to be had from `finish`.
    public var hasEnded: Bool {
        var information = siginfo_t()
        return waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT) == 0 && information._sifields._sigchld.si_pid == pid
    }

    private func text(_ stream: Int32) -> String { String(decoding: collected[stream] ?? [], as: UTF8.self) }

    private func readSome(milliseconds: Int32) {
        var ends = [pollfd(fd: output, events: Int16(POLLIN), revents: 0), pollfd(fd: errors, events: Int16(POLLIN), revents: 0)]
        guard poll(&ends, 2, milliseconds) > 0 else { return }
        for (index, end) in ends.enumerated() where end.revents != 0 {
            var buffer = [UInt8](repeating: 0, count: 65536)
            let count = read(end.fd, &buffer, buffer.count)
            if count > 0 {
                collected[Int32(index + 1), default: []] += buffer[..<count]
            } else {
                close(end.fd)
                if index == 0 { output = -1 } else { errors = -1 }
            }
        }
    }

    private static func pipe() -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        precondition(pipe2(&ends, O_CLOEXEC) == 0, "no pipe")
        return (ends[0], ends[1])
    }

    public static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
