import EngineClient
import EngineWire

extension Command {
    static let networkList = Command(
        names: ["network ls", "network list"], usage: "[OPTIONS]", summary: "List networks", flags: listFlags, words: 0...0
    ) { call in
        let networks = try call.engine.get("/networks", try Pairs.filters(call.flags.list("filter"))).array.sorted { $0["Name"].string < $1["Name"].string }
        let isWhole = call.flags.bool("no-trunc")
        let columns = [("ID", "NETWORK ID"), ("Name", "NAME"), ("Driver", "DRIVER"), ("Scope", "SCOPE"), ("Internal", "INTERNAL"), ("Labels", "LABELS"), ("CreatedAt", "CREATED AT")]
            .map { Listing.Column(field: $0.0, title: $0.1) }
        let rows = networks.map { network -> JSONValue in
            [
                "ID": .string(ContainerList.short(network["Id"].string, isWhole)), "Name": network["Name"], "Driver": network["Driver"], "Scope": network["Scope"],
                "Internal": .string("\(network["Internal"].bool)"), "Labels": .string(network["Labels"].entries.map { "\($0.key)=\($0.value.string)" }.joined(separator: ",")),
                "CreatedAt": network["Created"],
            ]
        }
        if call.flags.bool("quiet") {
            for row in rows { Output.line(row["ID"].string) }
            return 0
        }
        try Listing(columns: columns, shown: columns.prefix(4).map(\.field), rows: rows).print(format: call.flags["format"])
        return 0
    }

    static let listFlags = [
        Flag("filter", "f", .list, "Provide filter values (e.g. \"driver=bridge\")", value: "filter"), Flag("format", nil, .text, "Format output using a custom template"),
        Flag("no-trunc", nil, .bool, "Do not truncate the output"), Flag("quiet", "q", .bool, "Only display IDs or names"),
    ]

    static let networkCreate = Command(
        names: ["network create"], usage: "[OPTIONS] NETWORK", summary: "Create a network",
        flags: [
            Flag("driver", "d", .text, "Driver to manage the Network", standard: "\"bridge\""), Flag("gateway", nil, .list, "IPv4 Gateway for the master subnet"),
            Flag("internal", nil, .bool, "Restrict external access to the network"), Flag("label", nil, .list, "Set metadata on a network"),
            Flag("opt", "o", .list, "Set driver specific options", value: "map"), Flag("subnet", nil, .list, "Subnet in CIDR format that represents a network segment"),
        ], words: 1...1
    ) { call in
        let gateways = call.flags.list("gateway")
        let subnets = call.flags.list("subnet").enumerated().map { index, subnet -> JSONValue in
            ["Subnet": .string(subnet), "Gateway": .string(index < gateways.count ? gateways[index] : "")]
        }
        let created = try call.engine.post(
            "/networks/create", [],
            [
                "Name": .string(call.words[0]), "Driver": .string(call.flags.optional("driver") ?? "bridge"), "Internal": .bool(call.flags.bool("internal")),
                "IPAM": ["Driver": "default", "Config": .array(subnets)], "Options": JSONValue(Pairs.map(call.flags.list("opt"))),
                "Labels": JSONValue(Pairs.map(call.flags.list("label"))),
            ])
        if !created["Warning"].string.isEmpty { Output.error("WARNING: \(created["Warning"].string)") }
        Output.line(created["Id"].string)
        return 0
    }

    static let networkRemove = Command(
        names: ["network rm", "network remove"], usage: "NETWORK [NETWORK...]", summary: "Remove one or more networks", words: 1...Int.max
    ) { call in Each.word(call) { _ = try call.engine.delete("/networks/\(Call.escape($0))") } }
}
