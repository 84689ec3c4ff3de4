import EngineClient
import EngineWire
import Glibc

extension Command {
    static let containerRun = Command(
        names: ["run", "container run"], usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]", summary: "Create and run a new container from an image",
        flags: RunFlags.run, words: 1...Int.max, allowsFlagsAfterWords: false, errorStatus: 125, run: ContainerRun.run)
    static let containerCreate = Command(
        names: ["create", "container create"], usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]", summary: "Create a new container",
        flags: RunFlags.shared, words: 1...Int.max, allowsFlagsAfterWords: false, errorStatus: 125
    ) { call in
        Output.line(try ContainerRun.create(call, isForeground: true))
        return 0
    }
}

/// `gantry run`: create, attach, wait, start, and carry the streams.
enum ContainerRun {
    static func run(_ call: Invocation) throws -> Int32 {
        let flags = call.flags
        let isForeground = !flags.bool("detach")
        let isTerminal = flags.bool("tty"), isInteractive = flags.bool("interactive")
        if isForeground && isTerminal && isInteractive && !Terminal.isTerminal(STDIN_FILENO) {
            throw Refusal("the input device is not a TTY", status: 1)
        }
        let keys = try DetachKeys.parse(flags["detach-keys"])
        let id = try create(call, isForeground: isForeground)
        guard isForeground else {
            try start(call.engine, id)
            Output.line(id)
            return 0
        }
        let body = ContainerBody(flags: flags, image: call.words[0], arguments: Array(call.words.dropFirst()), isForeground: true)
        let wanted = try body.streams()
        let query = ["stdin", "stdout", "stderr"].filter(wanted.contains).map { ($0, "1") } + [("stream", "1")]
        let connection = try call.engine.hijack("/containers/\(id)/attach", query)
        let waiting = try Waiting(call.engine, id, flags.bool("rm") ? "removed" : "next-exit")
        if !isTerminal && flags.bool("sig-proxy", standard: true) { proxySignals(call.engine, id) }
        do { try start(call.engine, id) } catch {
            if flags.bool("rm") { _ = try? waiting.status() }
            throw error
        }
        if isTerminal { TerminalSize.follow(call.engine, "/containers/\(id)/resize") }
        if isTerminal && wanted.contains("stdin") { Terminal.makeRaw() }
        defer { Terminal.restore() }
        let streams = Streams(connection: connection, isTerminal: isTerminal, takesInput: wanted.contains("stdin"), detachKeys: keys)
        if try streams.run() == .detached {
            Terminal.restore()
            Output.error("read escape sequence")
            return 0
        }
        do { return try waiting.status() } catch let failure as EngineFailure {
            // It was started, and the engine is gone: nothing in the command's help is about that.
            Terminal.restore()
            Output.error("error waiting for container: \(failure)")
            throw Exit(125)
        }
    }

    /// - Returns: the container's id.
    static func create(_ call: Invocation, isForeground: Bool) throws -> String {
        let body = ContainerBody(flags: call.flags, image: call.words[0], arguments: Array(call.words.dropFirst()), isForeground: isForeground)
        let file = call.flags["cidfile"]
        if !file.isEmpty && access(file, F_OK) == 0 {
            throw Refusal("container ID file found, make sure the other container isn't running or delete \(file)")
        }
        let name = call.flags["name"]
        var json = try body.json()
        // The terminal has its size before the first program looks.
        if call.flags.bool("tty"), let size = Terminal.size() {
            json["HostConfig"]["ConsoleSize"] = [.integer(Int64(size.rows)), .integer(Int64(size.columns))]
        }
        let answer = try post(call, name.isEmpty ? [] : [("name", name)], json)
        for warning in answer["Warnings"].array { Output.error("WARNING: \(warning.string)") }
        let id = answer["Id"].string
        if !file.isEmpty { try TextFile.create(file, id) }
        return id
    }

    /// With the tag that an image's name without one means.
    static func tagged(_ name: String) -> String {
        let last = name[(name.lastIndex(of: "/").map(name.index(after:)) ?? name.startIndex)...]
        return last.contains(":") || name.contains("@") ? name : "\(name):latest"
    }

    private static func post(_ call: Invocation, _ query: [(String, String)], _ json: JSONValue) throws(EngineFailure) -> JSONValue {
        do throws(EngineFailure) { return try call.engine.post("/containers/create", query, json) } catch {
            guard case .answer(404, let message) = error, message.hasPrefix("No such image") else { throw error }
            Output.error("Unable to find image '\(tagged(call.words[0]))' locally")
            throw .answer(status: 404, message: "\(message): this engine can't pull images yet; use load or import")
        }
    }

    private static func start(_ engine: Engine, _ id: String) throws {
        do { _ = try engine.post("/containers/\(id)/start") } catch {
            throw Refusal(error.description, status: StartFailure.status(error))
        }
    }

    static func proxySignals(_ engine: Engine, _ id: String) {
        Signals.forward(Signals.proxied) { number in
            _ = try? engine.post("/containers/\(id)/kill", [("signal", Signals.name(number))])
        }
    }
}

/// The container's terminal is as large as this one, also after it has changed.
enum TerminalSize {
    static func follow(_ engine: Engine, _ path: String) {
        tell(engine, path)
        Signals.forward([SIGWINCH]) { _ in tell(engine, path) }
    }

    private static func tell(_ engine: Engine, _ path: String) {
        guard let size = Terminal.size() else { return }
        _ = try? engine.post(path, [("h", "\(size.rows)"), ("w", "\(size.columns)")])
    }
}
