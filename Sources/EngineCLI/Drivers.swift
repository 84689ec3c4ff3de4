import EngineClient
import EngineWire

extension Command {
    static let driverList = Command(names: ["driver ls", "driver list"], usage: "[OPTIONS]", summary: "List the engine's drivers", flags: listFlags, words: 0...0) { call in
        let drivers = try call.engine.get("/gantry/drivers").array
        if call.flags.bool("quiet") {
            for driver in drivers { Output.line(driver["Name"].string) }
            return 0
        }
        let columns = [("Kind", "KIND"), ("Name", "NAME"), ("Version", "VERSION"), ("State", "STATE"), ("Default", "DEFAULT"), ("Summary", "SUMMARY"), ("Path", "PATH")]
            .map { Listing.Column(field: $0.0, title: $0.1) }
        let rows = drivers.map { driver -> JSONValue in
            let reason = driver["Reason"].string
            return [
                "Kind": driver["Kind"], "Name": driver["Name"], "Version": driver["Version"],
                "State": .string(reason.isEmpty ? driver["State"].string : "\(driver["State"].string): \(reason)"), "Default": .string(driver["Default"].bool ? "yes" : ""),
                "Summary": driver["Summary"], "Path": driver["Path"],
            ]
        }
        try Listing(columns: columns, shown: columns.prefix(6).map(\.field), rows: rows).print(format: call.flags["format"])
        return 0
    }
}
