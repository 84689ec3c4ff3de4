import EngineClient
import EngineWire

extension Command {
    static let systemDump = Command(
        names: ["system dump"], usage: "[OPTIONS]", summary: "Show what the engine does now, and what it waits for",
        flags: [Flag("format", "f", .text, "Format output using a custom template, or \"json\"")], words: 0...0
    ) { call in
        let dump = try call.engine.get("/gantry/system/dump"), format = call.flags["format"]
        if format.isEmpty {
            Output.write(DumpText.render(dump).utf8)
        } else {
            Output.line(format == "json" ? dump.text : try Template.render(try Template.parse(format), dump))
        }
        return 0
    }
}
