import EngineClient
import EngineWire

extension Command {
    static let imageList = Command(
        names: ["images", "image ls", "image list"], usage: "[OPTIONS] [REPOSITORY[:TAG]]", summary: "List images",
        flags: [
            Flag("all", "a", .bool, "Show all images (default hides intermediate images)"), Flag("digests", nil, .bool, "Show digests"),
            Flag("filter", "f", .list, "Filter output based on conditions provided", value: "filter"), Flag("format", nil, .text, "Format output using a custom template"),
            Flag("no-trunc", nil, .bool, "Don't truncate output"), Flag("quiet", "q", .bool, "Only show image IDs"),
        ], words: 0...1
    ) { call in
        let reference = call.words.first.map { ["reference": [$0]] } ?? [:]
        let images = try call.engine.get("/images/json", try Pairs.filters(call.flags.list("filter"), adding: reference)).array
        let isWhole = call.flags.bool("no-trunc")
        if call.flags.bool("quiet") && !call.flags.isSet("format") {
            for image in images { Output.line(ContainerList.short(image["Id"].string, isWhole)) }
            return 0
        }
        let listing = Listing(columns: columns, shown: columns.prefix(5).map(\.field), rows: images.flatMap { rows($0, isWhole) })
        try listing.print(format: call.flags["format"])
        return 0
    }

    private static let columns: [Listing.Column] = [
        ("Repository", "REPOSITORY"), ("Tag", "TAG"), ("ID", "IMAGE ID"), ("CreatedSince", "CREATED"), ("Size", "SIZE"), ("Digest", "DIGEST"), ("CreatedAt", "CREATED AT"),
    ].map { Listing.Column(field: $0.0, title: $0.1) }

    /// One for each tag.
    private static func rows(_ image: JSONValue, _ isWhole: Bool) -> [JSONValue] {
        let tags = image["RepoTags"].array.map(\.string)
        return (tags.isEmpty ? ["<none>:<none>"] : tags).map { name in
            let colon = name.lastIndex(of: ":") ?? name.endIndex
            return [
                "Repository": .string(String(name[..<colon])), "Tag": .string(String(name[colon...].dropFirst())),
                "ID": .string(ContainerList.short(image["Id"].string, isWhole)), "CreatedSince": .string("\(Clock.since(image["Created"].integer)) ago"),
                "Size": .string(Human.size(image["Size"].integer)), "Digest": .string(image["RepoDigests"][0].string.isEmpty ? "<none>" : image["RepoDigests"][0].string),
                "CreatedAt": .string(Timestamp.format(image["Created"].integer * 1_000_000_000)),
            ]
        }
    }

    static let imageHistory = Command(
        names: ["history", "image history"], usage: "[OPTIONS] IMAGE", summary: "Show the history of an image",
        flags: [Flag("format", nil, .text, "Format output using a custom template"), Flag("no-trunc", nil, .bool, "Don't truncate output"), Flag("quiet", "q", .bool, "Only show image IDs")],
        words: 1...1
    ) { call in
        let isWhole = call.flags.bool("no-trunc")
        let rows = try call.engine.get("/images/\(Call.escape(call.words[0], keeping: "/:@"))/history").array.map { entry -> JSONValue in
            let command = entry["CreatedBy"].string
            return [
                "ID": .string(ContainerList.short(entry["Id"].string, isWhole)), "CreatedSince": .string("\(Clock.since(entry["Created"].integer)) ago"),
                "CreatedBy": .string(isWhole || command.count <= 45 ? command : "\(command.prefix(44))…"), "Size": .string(Human.size(entry["Size"].integer)),
                "Comment": entry["Comment"],
            ]
        }
        if call.flags.bool("quiet") {
            for row in rows { Output.line(row["ID"].string) }
            return 0
        }
        let columns = [("ID", "IMAGE"), ("CreatedSince", "CREATED"), ("CreatedBy", "CREATED BY"), ("Size", "SIZE"), ("Comment", "COMMENT")].map { Listing.Column(field: $0.0, title: $0.1) }
        try Listing(columns: columns, shown: columns.map(\.field), rows: rows).print(format: call.flags["format"])
        return 0
    }
}
