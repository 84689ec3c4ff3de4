import EngineClient
import EngineWire

extension Command {
    static let volumeList = Command(names: ["volume ls", "volume list"], usage: "[OPTIONS]", summary: "List volumes", flags: listFlags, words: 0...0) { call in
        let volumes = try call.engine.get("/volumes", try Pairs.filters(call.flags.list("filter")))["Volumes"].array.sorted { $0["Name"].string < $1["Name"].string }
        if call.flags.bool("quiet") {
            for volume in volumes { Output.line(volume["Name"].string) }
            return 0
        }
        let columns = [("Driver", "DRIVER"), ("Name", "VOLUME NAME"), ("Mountpoint", "MOUNTPOINT"), ("Scope", "SCOPE"), ("Labels", "LABELS")].map { Listing.Column(field: $0.0, title: $0.1) }
        let rows = volumes.map { volume -> JSONValue in
            [
                "Driver": volume["Driver"], "Name": volume["Name"], "Mountpoint": volume["Mountpoint"], "Scope": volume["Scope"],
                "Labels": .string(volume["Labels"].entries.map { "\($0.key)=\($0.value.string)" }.joined(separator: ",")),
            ]
        }
        try Listing(columns: columns, shown: ["Driver", "Name"], rows: rows).print(format: call.flags["format"])
        return 0
    }

    static let volumeCreate = Command(
        names: ["volume create"], usage: "[OPTIONS] [VOLUME]", summary: "Create a volume",
        flags: [
            Flag("driver", "d", .text, "Specify volume driver name"), Flag("label", nil, .list, "Set metadata for a volume"),
            Flag("name", nil, .text, "Specify volume name"), Flag("opt", "o", .list, "Set driver specific options", value: "map"),
        ], words: 0...1
    ) { call in
        let created = try call.engine.post(
            "/volumes/create", [],
            [
                "Name": .string(call.words.first ?? call.flags["name"]), "Driver": .string(call.flags["driver"]),
                "DriverOpts": JSONValue(Pairs.map(call.flags.list("opt"))), "Labels": JSONValue(Pairs.map(call.flags.list("label"))),
            ])
        Output.line(created["Name"].string)
        return 0
    }

    static let volumeRemove = Command(
        names: ["volume rm", "volume remove"], usage: "[OPTIONS] VOLUME [VOLUME...]", summary: "Remove one or more volumes",
        flags: [Flag("force", "f", .bool, "Force the removal of one or more volumes")], words: 1...Int.max
    ) { call in Each.word(call) { _ = try call.engine.delete("/volumes/\(Call.escape($0))", call.flags.bool("force") ? [("force", "1")] : []) } }
}
