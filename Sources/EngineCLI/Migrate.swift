import EngineClient
import EngineWire

extension Command {
    private static let targetFlag = [Flag("to", nil, .text, "Storage driver to migrate to", value: "driver")]

    static let imageMigrate = Command(
        names: ["image migrate"], usage: "--to DRIVER IMAGE [IMAGE...]", summary: "Move images to another storage driver", flags: targetFlag, words: 1...Int.max
    ) { call in
        let target = try target(call)
        return Each.words(call.words) { name in
            let moved = try call.engine.post("/gantry/images/\(Call.escape(name, keeping: "/:@"))/migrate", [("to", target)])
            let users = moved["StillUsedBy"].array.map(\.string), old = moved["From"].array.map(\.string).joined(separator: ", ")
            if !users.isEmpty { Output.error("\(name): \(old) keeps the layers for the containers \(users.joined(separator: ", ")); migrate or remove them") }
        }
    }

    static let containerMigrate = Command(
        names: ["container migrate"], usage: "--to DRIVER CONTAINER [CONTAINER...]", summary: "Move stopped containers to another storage driver", flags: targetFlag, words: 1...Int.max
    ) { call in
        let target = try target(call)
        return Each.words(call.words) { name in
            _ = try call.engine.post("/gantry/containers/\(Call.escape(name))/migrate", [("to", target)])
        }
    }

    private static func target(_ call: Invocation) throws -> String {
        if call.flags.isSet("to"), !call.flags["to"].isEmpty { return call.flags["to"] }
        throw Refusal("the storage driver is missing: set --to", status: 1)
    }
}
