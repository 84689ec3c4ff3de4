import EngineClient
import EngineWire

extension Command {
    static let containerList = Command(
        names: ["ps", "container ls", "container ps", "container list"], usage: "[OPTIONS]", summary: "List containers",
        flags: [
            Flag("all", "a", .bool, "Show all containers (default shows just running)"), Flag("filter", "f", .list, "Filter output based on conditions provided", value: "filter"),
            Flag("format", nil, .text, "Format output using a custom template"), Flag("last", "n", .integer, "Show n last created containers (includes all states)"),
            Flag("latest", "l", .bool, "Show the latest created container (includes all states)"), Flag("no-trunc", nil, .bool, "Don't truncate output"),
            Flag("quiet", "q", .bool, "Only display container IDs"), Flag("size", "s", .bool, "Display total file sizes"),
        ], words: 0...0, run: ContainerList.run)
}

/// `gantry ps`.
enum ContainerList {
    static func run(_ call: Invocation) throws -> Int32 {
        let flags = call.flags
        var query = try Pairs.filters(flags.list("filter"))
        if flags.bool("all") { query.append(("all", "1")) }
        if flags.bool("latest") { query.append(("limit", "1")) } else if let count = flags.integer("last"), count > 0 { query.append(("limit", "\(count)")) }
        if flags.bool("size") { query.append(("size", "1")) }
        let containers = try call.engine.get("/containers/json", query).array, isWhole = flags.bool("no-trunc")
        if flags.bool("quiet") && !flags.isSet("format") {
            for container in containers { Output.line(short(container["Id"].string, isWhole)) }
            return 0
        }
        let listing = Listing(columns: columns, shown: columns.prefix(7).map(\.field) + (flags.bool("size") ? ["Size"] : []), rows: containers.map { row($0, isWhole) })
        try listing.print(format: flags["format"])
        return 0
    }

    private static let columns: [Listing.Column] = [
        ("ID", "CONTAINER ID"), ("Image", "IMAGE"), ("Command", "COMMAND"), ("RunningFor", "CREATED"), ("Status", "STATUS"), ("Ports", "PORTS"), ("Names", "NAMES"),
        ("Size", "SIZE"), ("CreatedAt", "CREATED AT"), ("Labels", "LABELS"), ("State", "STATE"), ("Networks", "NETWORKS"), ("Mounts", "MOUNTS"), ("LocalVolumes", "LOCAL VOLUMES"),
    ].map { Listing.Column(field: $0.0, title: $0.1) }

    private static func row(_ container: JSONValue, _ isWhole: Bool) -> JSONValue {
        let command = container["Command"].string, mounts = container["Mounts"].array
        return [
            "ID": .string(short(container["Id"].string, isWhole)), "Image": container["Image"], "Command": .string("\"\(isWhole ? command : truncated(command, 20))\""),
            "RunningFor": .string("\(Clock.since(container["Created"].integer)) ago"), "Status": container["Status"],
            "Ports": .string(PortColumn.text(container["Ports"].array)),
            "Names": .string(container["Names"].array.map { String($0.string.drop { $0 == "/" }) }.joined(separator: ",")),
            "Size": .string("\(Human.size(container["SizeRw"].integer)) (virtual \(Human.size(container["SizeRootFs"].integer)))"),
            "CreatedAt": .string(Timestamp.format(container["Created"].integer * 1_000_000_000)),
            "Labels": .string(container["Labels"].entries.map { "\($0.key)=\($0.value.string)" }.joined(separator: ",")), "State": container["State"],
            "Networks": .string(container["NetworkSettings"]["Networks"].entries.map(\.key).joined(separator: ",")),
            "Mounts": .string(mounts.map { $0["Name"].isNull ? $0["Source"].string : $0["Name"].string }.joined(separator: ",")),
            "LocalVolumes": .string("\(mounts.count { $0["Driver"].string == "local" })"),
        ]
    }

    static func short(_ id: String, _ isWhole: Bool) -> String {
        let plain = id.hasPrefix("sha256:") && !isWhole ? String(id.dropFirst(7)) : id
        return isWhole ? plain : String(plain.prefix(12))
    }

    private static func truncated(_ text: String, _ count: Int) -> String { text.count > count ? "\(text.prefix(count - 1))…" : text }
}

/// The PORTS column: published ports, neighbours in one range, then those that are only exposed.
enum PortColumn {
    private struct Run {
        var address: String
        var proto: String
        var host: ClosedRange<Int64>?
        var inside: ClosedRange<Int64>

        var text: String {
            func range(_ range: ClosedRange<Int64>) -> String { range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)" }
            return (host.map { "\(address):\(range($0))->" } ?? "") + "\(range(inside))/\(proto)"
        }
    }

    static func text(_ ports: [JSONValue]) -> String {
        var runs: [Run] = []
        for port in ports.sorted(by: { ($0["Type"].string, $0["PrivatePort"].integer, $0["IP"].string) < ($1["Type"].string, $1["PrivatePort"].integer, $1["IP"].string) }) {
            let inside = port["PrivatePort"].integer, host = port["PublicPort"].isNull ? nil : port["PublicPort"].integer
            let address = port["IP"].string.contains(":") ? "[\(port["IP"].string)]" : port["IP"].string
            if let last = runs.indices.last, runs[last].address == address, runs[last].proto == port["Type"].string, runs[last].inside.upperBound + 1 == inside,
                runs[last].host?.upperBound == host.map({ $0 - 1 })
            {
                runs[last].inside = runs[last].inside.lowerBound...inside
                if let host, let range = runs[last].host { runs[last].host = range.lowerBound...host }
            } else {
                runs.append(Run(address: address, proto: port["Type"].string, host: host.map { $0...$0 }, inside: inside...inside))
            }
        }
        return runs.map(\.text).joined(separator: ", ")
    }
}
