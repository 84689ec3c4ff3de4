import EngineClient
import EngineWire
import Glibc

extension Command {
    static let containerAttach = Command(
        names: ["attach", "container attach"], usage: "[OPTIONS] CONTAINER", summary: "Attach local standard input, output, and error streams to a running container",
        flags: [
            Flag("detach-keys", nil, .text, "Override the key sequence for detaching a container"), Flag("no-stdin", nil, .bool, "Do not attach STDIN"),
            Flag("sig-proxy", nil, .bool, "Proxy all received signals to the process", standard: "true"),
        ], words: 1...1
    ) { call in
        let container = try call.engine.get("/containers/\(Call.escape(call.words[0]))/json")
        guard container["State"]["Running"].bool else { throw Refusal("cannot attach to a stopped container, start it first") }
        if container["State"]["Paused"].bool { throw Refusal("cannot attach to a paused container, unpause it first") }
        let input = !call.flags.bool("no-stdin") && container["Config"]["OpenStdin"].bool
        return try ContainerAttach.run(call, container["Id"].string, isTerminal: container["Config"]["Tty"].bool, input: input, detached: 1) {}
    }
    static let containerStart = Command(
        names: ["start", "container start"], usage: "[OPTIONS] CONTAINER [CONTAINER...]", summary: "Start one or more stopped containers",
        flags: [
            Flag("attach", "a", .bool, "Attach STDOUT/STDERR and forward signals"), Flag("detach-keys", nil, .text, "Override the key sequence for detaching a container"),
            Flag("interactive", "i", .bool, "Attach container's STDIN"),
        ], words: 1...Int.max
    ) { call in
        guard call.flags.bool("attach") || call.flags.bool("interactive") else {
            return Each.word(call) { _ = try call.engine.post("/containers/\(Call.escape($0))/start") }
        }
        guard call.words.count == 1 else { throw Refusal("you cannot start and attach multiple containers at once") }
        let container = try call.engine.get("/containers/\(Call.escape(call.words[0]))/json"), id = container["Id"].string
        return try ContainerAttach.run(call, id, isTerminal: container["Config"]["Tty"].bool, input: call.flags.bool("interactive") && container["Config"]["OpenStdin"].bool) {
            do { _ = try call.engine.post("/containers/\(id)/start") } catch { throw Refusal("\(error)", status: StartFailure.status(error) == 125 ? 1 : StartFailure.status(error)) }
        }
    }
}

/// Joins this terminal with a container's streams until it ends.
enum ContainerAttach {
    /// - Parameter detached: the status when the user detaches; Docker's is 1 for `attach` and 0 for `start`.
    static func run(_ call: Invocation, _ id: String, isTerminal: Bool, input: Bool, detached: Int32 = 0, start: () throws -> Void) throws -> Int32 {
        let keys = try DetachKeys.parse(call.flags["detach-keys"])
        let query = (input ? [("stdin", "1")] : []) + [("stdout", "1"), ("stderr", "1"), ("stream", "1")]
        let connection = try call.engine.hijack("/containers/\(id)/attach", query)
        let waiting = try Waiting(call.engine, id, "next-exit")
        if !isTerminal && call.flags.bool("sig-proxy", standard: true) { ContainerRun.proxySignals(call.engine, id) }
        try start()
        if isTerminal {
            TerminalSize.follow(call.engine, "/containers/\(id)/resize")
            if input && Terminal.isTerminal(STDIN_FILENO) { Terminal.makeRaw() }
        }
        defer { Terminal.restore() }
        if try Streams(connection: connection, isTerminal: isTerminal, takesInput: input, detachKeys: keys).run() == .detached {
            Terminal.restore()
            Output.error("read escape sequence")
            return detached
        }
        return try waiting.status()
    }
}

/// Commands that do the same to each of their words: the name is printed when it is done; an error does not stop the rest.
enum Each {
    static func word(_ call: Invocation, _ body: (String) throws -> Void) -> Int32 { words(call.words, body) }

    static func words(_ words: [String], prints: Bool = true, _ body: (String) throws -> Void) -> Int32 {
        var status: Int32 = 0
        for word in words {
            do {
                try body(word)
                if prints { Output.line(word) }
            } catch {
                Output.error("\(error)")
                status = 1
            }
        }
        return status
    }
}
