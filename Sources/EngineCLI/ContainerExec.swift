import EngineClient
import EngineWire
import Glibc

extension Command {
    static let containerExec = Command(
        names: ["exec", "container exec"], usage: "[OPTIONS] CONTAINER COMMAND [ARG...]", summary: "Execute a command in a running container",
        flags: [
            Flag("detach", "d", .bool, "Detached mode: run command in the background"),
            Flag("detach-keys", nil, .text, "Override the key sequence for detaching a container"),
            Flag("env", "e", .list, "Set environment variables"), Flag("env-file", nil, .list, "Read in a file of environment variables"),
            Flag("interactive", "i", .bool, "Keep STDIN open even if not attached"),
            Flag("privileged", nil, .bool, "Give extended privileges to the command"), Flag("tty", "t", .bool, "Allocate a pseudo-TTY"),
            Flag("user", "u", .text, "Username or UID (format: \"<name|uid>[:<group|gid>]\")"),
            Flag("workdir", "w", .text, "Working directory inside the container"),
        ], words: 2...Int.max, allowsFlagsAfterWords: false, run: ContainerExec.run)
}

/// `gantry exec`.
enum ContainerExec {
    static func run(_ call: Invocation) throws -> Int32 {
        let flags = call.flags, isDetached = flags.bool("detach"), isTerminal = flags.bool("tty")
        let takesInput = flags.bool("interactive") && !isDetached
        if takesInput && isTerminal && !Terminal.isTerminal(STDIN_FILENO) { throw Refusal("the input device is not a TTY") }
        let keys = try DetachKeys.parse(flags["detach-keys"])
        let id = try call.engine.post(
            "/containers/\(Call.escape(call.words[0]))/exec", [],
            [
                "AttachStdin": .bool(takesInput), "AttachStdout": .bool(!isDetached), "AttachStderr": .bool(!isDetached), "Tty": .bool(isTerminal),
                "Cmd": JSONValue(Array(call.words.dropFirst())), "User": .string(flags["user"]), "WorkingDir": .string(flags["workdir"]),
                "Privileged": .bool(flags.bool("privileged")), "DetachKeys": .string(flags["detach-keys"]),
                "Env": JSONValue(try Environment.variables(files: flags.list("env-file"), given: flags.list("env"))),
            ])["Id"].string
        if isDetached {
            do { _ = try call.engine.post("/exec/\(id)/start", [], ["Detach": true, "Tty": .bool(isTerminal)]) } catch {
                throw Refusal(error.description, status: StartFailure.status(error) == 125 ? 1 : StartFailure.status(error))
            }
            return 0
        }
        var start: JSONValue = ["Detach": false, "Tty": .bool(isTerminal)]
        if isTerminal, let size = Terminal.size() { start["ConsoleSize"] = [.integer(Int64(size.rows)), .integer(Int64(size.columns))] }
        let connection = try call.engine.hijack("/exec/\(id)/start", [], start)
        if isTerminal && takesInput { Terminal.makeRaw() }
        defer { Terminal.restore() }
        if isTerminal { TerminalSize.follow(call.engine, "/exec/\(id)/resize") }
        _ = try Streams(connection: connection, isTerminal: isTerminal, takesInput: takesInput, detachKeys: keys).run()
        do throws(EngineFailure) { return try status(call.engine, id) } catch {
            // Docker's, when the daemon has gone: nobody knows how the command ends.
            throw Refusal(error.description, status: error.status == nil ? 255 : 1)
        }
    }

    /// The streams may end a moment before the engine has heard of the exit.
    private static func status(_ engine: Engine, _ id: String) throws(EngineFailure) -> Int32 {
        for attempt in 0... {
            let exec = try engine.get("/exec/\(id)/json")
            if !exec["Running"].bool || attempt >= 1000 { return Int32(truncatingIfNeeded: exec["ExitCode"].integer) }
            usleep(attempt < 20 ? 500 : 10_000)
        }
        return 0
    }
}
