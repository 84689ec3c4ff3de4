import EngineClient
import EngineWire

extension Command {
    static let containerUpdate = Command(
        names: ["update", "container update"], usage: "[OPTIONS] CONTAINER [CONTAINER...]", summary: "Update configuration of one or more containers",
        flags: [
            Flag("log-driver", nil, .text, "Logging driver from now on, also for a running container"), Flag("log-opt", nil, .list, "Log driver options"),
        ], words: 1...Int.max
    ) { call in
        guard call.flags.isSet("log-driver") || call.flags.isSet("log-opt") else { throw Refusal("you must provide one or more flags when using this command") }
        let log: JSONValue = ["Type": .string(call.flags["log-driver"]), "Config": JSONValue(Pairs.map(call.flags.list("log-opt")))]
        return Each.word(call) { name in _ = try call.engine.post("/containers/\(Call.escape(name))/update", [], ["LogConfig": log]) }
    }
}
