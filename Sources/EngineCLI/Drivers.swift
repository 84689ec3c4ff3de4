import EngineClient
import EngineWire

extension Command {
    static let driverList = Command(names: ["driver ls", "driver list"], usage: "[OPTIONS]", summary: "List the engine's drivers", flags: listFlags, words: 0...0) { call in
        let drivers = try call.engine.get("/gantry/drivers").array
        if call.flags.bool("quiet") {
            for driver in drivers { Output.line(driver["Name"].string) }
            return 0
        }
        let columns = [
            ("Kind", "KIND"), ("Name", "NAME"), ("Version", "VERSION"), ("State", "STATE"), ("Isolated", "ISOLATED"), ("Default", "DEFAULT"), ("Summary", "SUMMARY"), ("Path", "PATH"),
        ].map { Listing.Column(field: $0.0, title: $0.1) }
        let rows = drivers.map { driver -> JSONValue in
            let reason = driver["Reason"].string
            return [
                "Kind": driver["Kind"], "Name": driver["Name"], "Version": driver["Version"],
                "State": .string(reason.isEmpty ? driver["State"].string : "\(driver["State"].string): \(reason)"), "Isolated": .string(driver["Isolated"].bool ? "yes" : ""),
                "Default": .string(driver["Default"].bool ? "yes" : ""), "Summary": driver["Summary"], "Path": driver["Path"],
            ]
        }
        try Listing(columns: columns, shown: columns.prefix(7).map(\.field), rows: rows).print(format: call.flags["format"])
        return 0
    }

    static let driverCalls = Command(
        names: ["driver ps"], usage: "[OPTIONS]", summary: "List the calls that are in drivers now, the oldest first",
        flags: [Flag("format", nil, .text, "Format output using a custom template")], words: 0...0
    ) { call in
        let columns = [("Kind", "KIND"), ("Driver", "DRIVER"), ("Call", "CALL"), ("Age", "AGE")].map { Listing.Column(field: $0.0, title: $0.1) }
        let rows = try call.engine.get("/gantry/driver-calls").array.map { row -> JSONValue in
            ["Kind": row["Kind"], "Driver": row["Driver"], "Call": row["Call"], "Age": .string(Human.age(nanoseconds: row["Age"].integer))]
        }
        try Listing(columns: columns, shown: columns.map(\.field), rows: rows).print(format: call.flags["format"])
        return 0
    }

    static let driverInstall = Command(
        names: ["driver install"], usage: "FILE", summary: "Install a driver from its file, lib<kind>-<name>.so", flags: [], words: 1...1
    ) { call in
        try tell(call, Call("POST", "/gantry/drivers", [("file", fileName(call.words[0]))], body: try FileBody.of(call.words[0])))
    }

    static let driverUpgrade = Command(
        names: ["driver upgrade"], usage: "[KIND/]NAME FILE", summary: "Replace a driver's version while it serves", flags: [], words: 2...2
    ) { call in
        let path = "/gantry/drivers/\(Call.escape(call.words[0], keeping: "/"))/upgrade"
        return try tell(call, Call("POST", path, [("file", fileName(call.words[1]))], body: try FileBody.of(call.words[1])))
    }

    static let driverRemove = Command(
        names: ["driver rm", "driver remove"], usage: "[KIND/]NAME [[KIND/]NAME...]", summary: "Remove installed drivers that nothing uses", flags: [], words: 1...Int.max
    ) { call in Each.word(call) { _ = try call.engine.delete("/gantry/drivers/\(Call.escape($0, keeping: "/"))") } }

    private static func fileName(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }

    private static func tell(_ call: Invocation, _ request: Call) throws -> Int32 {
        let driver = try call.engine.send(request).json()
        Output.line("\(driver["Kind"].string)/\(driver["Name"].string) \(driver["Version"].string)")
        return 0
    }
}
