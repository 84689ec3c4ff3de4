/// What the engine does now, for people: the text form of the answer to `/gantry/system/dump`.
public enum DumpText {
    public static func render(_ dump: JSONValue) -> String {
        [
            "gantryd, process \(dump["Pid"].integer), at \(dump["Time"].string)\n",
            section("LANES", dump["Lanes"].array.flatMap(lane)),
            section("STATE STORE", store(dump["StateStore"])),
            section("DRIVERS", dump["Drivers"].array.flatMap(driver)),
            section("BLOCKING THREADS", threads(dump["BlockingThreads"])),
            section("SHIMS", dump["Shims"].array.flatMap(shim)),
            section("REQUESTS", requests(dump)),
        ].joined(separator: "\n")
    }

    private static func section(_ title: String, _ lines: [String]) -> String {
        "\(title)\n" + (lines.isEmpty ? ["idle"] : lines).map { "  \($0)\n" }.joined()
    }

    private static func lane(_ lane: JSONValue) -> [String] {
        var line = "\(lane["Subject"].string): \(lane["Step"].string) for \(age(lane["Age"]))"
        if !lane["WaitsFor"].string.isEmpty {
            line += "; it has waited \(age(lane["WaitAge"])) for \(lane["WaitsFor"].string)"
            if !lane["Left"].isNull { line += "; \(age(lane["Left"])) left" }
        }
        return [line] + lane["Queue"].array.map { "  behind it: \($0["Step"].string) for \(age($0["Age"]))" }
    }

    private static func store(_ store: JSONValue) -> [String] {
        let running = store["Write"].string.isEmpty ? [] : ["\(store["Write"].string) for \(age(store["Age"]))"]
        return running + store["Queue"].array.map { "  behind it: \($0["Write"].string) for \(age($0["Age"]))" }
    }

    private static func driver(_ driver: JSONValue) -> [String] {
        var lines = [driver["Driver"].string]
        if driver["Hanging"].integer > 0 { lines[0] += ": \(driver["Hanging"].integer) of its calls hang and were given up" }
        lines += driver["Calls"].array.map { "  in it: \($0["Call"].string) for \(age($0["Age"]))" }
        lines += driver["Queue"].array.map { "  behind it: \($0["Call"].string) for \(age($0["Age"]))" }
        if driver["Held"].bool { lines.append("  held for an upgrade, \(driver["WaitingForUpgrade"].integer) calls wait") }
        return lines
    }

    private static func threads(_ pool: JSONValue) -> [String] {
        let state = "\(pool["Threads"].integer) of at most \(pool["Limit"].integer), \(pool["Idle"].integer) without work, \(pool["Hung"].integer) given up, \(pool["Queued"].integer) calls wait"
        return [state] + pool["Calls"].array.map { "  \($0["Caller"].string) for \(age($0["Age"]))" }
    }

    private static func shim(_ shim: JSONValue) -> [String] {
        let pid = shim["Pid"].integer, state = shim["State"].string
        let what = pid == 0 ? "not found" : "process \(pid)\(state == "T" ? ", stopped" : "")"
        return ["\(shim["Container"].string.prefix(12)): \(what), last heard \(age(shim["LastHeard"])) ago"]
            + shim["Requests"].array.map { "  has to answer: \($0["Request"].string) for \(age($0["Age"]))" }
    }

    private static func requests(_ dump: JSONValue) -> [String] {
        let connections = dump["Connections"]
        return ["\(connections["Open"].integer) connections, \(connections["Idle"].integer) idle; \(dump["EventListeners"].integer) streams of events"]
            + dump["Requests"].array.map { request in
                "\(request["Method"].string) \(request["Path"].string): \(request["State"].string) for \(age(request["Age"])), \(request["Peer"].string)"
            }
    }

    /// Of ns: "340ms", "2.5s", "3m12s".
    private static func age(_ time: JSONValue) -> String { Human.age(nanoseconds: time.integer) }
}
