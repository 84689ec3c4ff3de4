import EngineClient
import EngineWire

extension Command {
    private static func path(_ name: String, _ action: String) -> String { "/containers/\(Call.escape(name))/\(action)" }

    private static let timeFlags = [
        Flag("signal", "s", .text, "Signal to send to the container"), Flag("timeout", "t", .integer, "Seconds to wait before killing the container"),
        Flag("time", nil, .integer, "Seconds to wait before killing the container", alias: "timeout"),
    ]

    private static func timeQuery(_ call: Invocation) -> [(String, String)] {
        (call.flags.optional("timeout").map { [("t", $0)] } ?? []) + (call.flags.optional("signal").map { [("signal", $0)] } ?? [])
    }

    static let containerStop = Command(
        names: ["stop", "container stop"], usage: "[OPTIONS] CONTAINER [CONTAINER...]", summary: "Stop one or more running containers", flags: timeFlags, words: 1...Int.max
    ) { call in Each.word(call) { _ = try call.engine.post(path($0, "stop"), timeQuery(call)) } }

    static let containerRestart = Command(
        names: ["restart", "container restart"], usage: "[OPTIONS] CONTAINER [CONTAINER...]", summary: "Restart one or more containers", flags: timeFlags, words: 1...Int.max
    ) { call in Each.word(call) { _ = try call.engine.post(path($0, "restart"), timeQuery(call)) } }

    static let containerKill = Command(
        names: ["kill", "container kill"], usage: "[OPTIONS] CONTAINER [CONTAINER...]", summary: "Kill one or more running containers",
        flags: [Flag("signal", "s", .text, "Signal to send to the container")], words: 1...Int.max
    ) { call in Each.word(call) { _ = try call.engine.post(path($0, "kill"), call.flags.optional("signal").map { [("signal", $0)] } ?? []) } }

    static let containerPause = Command(
        names: ["pause", "container pause"], usage: "CONTAINER [CONTAINER...]", summary: "Pause all processes within one or more containers", words: 1...Int.max
    ) { call in Each.word(call) { _ = try call.engine.post(path($0, "pause")) } }

    static let containerUnpause = Command(
        names: ["unpause", "container unpause"], usage: "CONTAINER [CONTAINER...]", summary: "Unpause all processes within one or more containers", words: 1...Int.max
    ) { call in Each.word(call) { _ = try call.engine.post(path($0, "unpause")) } }

    static let containerRename = Command(
        names: ["rename", "container rename"], usage: "CONTAINER NEW_NAME", summary: "Rename a container", words: 2...2
    ) { call in
        _ = try call.engine.post(path(call.words[0], "rename"), [("name", call.words[1])])
        return 0
    }

    static let containerWait = Command(
        names: ["wait", "container wait"], usage: "CONTAINER [CONTAINER...]", summary: "Block until one or more containers stop, then print their exit codes", words: 1...Int.max
    ) { call in
        Each.words(call.words, prints: false) { Output.line("\(try Waiting(call.engine, $0, "").status())") }
    }

    static let containerRemove = Command(
        names: ["rm", "container rm", "container remove"], usage: "[OPTIONS] CONTAINER [CONTAINER...]", summary: "Remove one or more containers",
        flags: [
            Flag("force", "f", .bool, "Force the removal of a running container (uses SIGKILL)"),
            Flag("volumes", "v", .bool, "Remove anonymous volumes associated with the container"),
        ], words: 1...Int.max
    ) { call in
        let query = (call.flags.bool("force") ? [("force", "1")] : []) + (call.flags.bool("volumes") ? [("v", "1")] : [])
        return Each.words(call.words, prints: false) { name in
            do throws(EngineFailure) { _ = try call.engine.delete("/containers/\(Call.escape(name))", query) } catch {
                // As rm -f: what is not there is removed.
                guard error.status == 404, call.flags.bool("force") else { throw error }
                return Output.error("\(error)")
            }
            Output.line(name)
        }
    }

    static let containerTop = Command(
        names: ["top", "container top"], usage: "CONTAINER [ps OPTIONS]", summary: "Display the running processes of a container", words: 1...Int.max, allowsFlagsAfterWords: false
    ) { call in
        let arguments = call.words.dropFirst().joined(separator: " ")
        let top = try call.engine.get(path(call.words[0], "top"), arguments.isEmpty ? [] : [("ps_args", arguments)])
        Output.write(Table(header: top["Titles"].array.map(\.string), rows: top["Processes"].array.map { $0.array.map(\.string) }).text.utf8)
        return 0
    }

    static let containerPort = Command(
        names: ["port", "container port"], usage: "CONTAINER [PRIVATE_PORT[/PROTO]]", summary: "List port mappings or a specific mapping for the container", words: 1...2
    ) { call in
        let ports = try call.engine.get(path(call.words[0], "json"))["NetworkSettings"]["Ports"].entries.sorted { $0.key < $1.key }
        let wanted = call.words.count > 1 ? (call.words[1].contains("/") ? call.words[1] : "\(call.words[1])/tcp") : nil
        let shown = ports.filter { wanted == nil || $0.key == wanted }
        if let wanted, shown.allSatisfy({ $0.value.array.isEmpty }) { throw Refusal("Error: No public port '\(wanted)' published for \(call.words[0])") }
        for port in shown {
            for binding in port.value.array {
                let address = "\(binding["HostIp"].string):\(binding["HostPort"].string)"
                Output.line(wanted == nil ? "\(port.key) -> \(address)" : address)
            }
        }
        return 0
    }
}
