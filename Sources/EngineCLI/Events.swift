import EngineClient
import EngineWire

extension Command {
    static let events = Command(
        names: ["events", "system events"], usage: "[OPTIONS]", summary: "Get real time events from the server",
        flags: [
            Flag("filter", "f", .list, "Filter output based on conditions provided", value: "filter"), Flag("format", nil, .text, "Format output using a custom template"),
            Flag("since", nil, .text, "Show all events created since timestamp"), Flag("until", nil, .text, "Stream events until this timestamp"),
        ], words: 0...0
    ) { call in
        var query = try Pairs.filters(call.flags.list("filter"))
        for name in ["since", "until"] where call.flags.isSet(name) { query.append((name, Clock.parameter(call.flags[name]))) }
        let format = call.flags["format"], template = format.isEmpty || format == "json" ? nil : try Template.parse(format)
        var lines = JSONLines(try call.engine.send(Call("GET", "/events", query)))
        while let event = try lines.next() {
            if let template { Output.line(try Template.render(template, event)) } else { Output.line(format == "json" ? event.text : line(event)) }
        }
        return 0
    }

    /// "2024-01-02T03:04:05.000000000Z container start 1234 (image=busybox, name=web)".
    private static func line(_ event: JSONValue) -> String {
        let attributes = event["Actor"]["Attributes"].entries.map { "\($0.key)=\($0.value.string)" }.joined(separator: ", ")
        let text = "\(Timestamp.formatFixed(event["timeNano"].integer)) \(event["Type"].string) \(event["Action"].string) \(event["Actor"]["ID"].string)"
        return attributes.isEmpty ? text : "\(text) (\(attributes))"
    }
}
