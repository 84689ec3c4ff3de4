import EngineClient
import EngineWire

extension Command {
    static let diskUsage = Command(
        names: ["system df"], usage: "[OPTIONS]", summary: "Show disk usage",
        flags: [Flag("format", nil, .text, "Format output using a custom template"), Flag("verbose", "v", .bool, "Show detailed information on space usage")], words: 0...0
    ) { call in
        let usage = try call.engine.get("/system/df")
        try Listing(columns: columns, shown: columns.map(\.field), rows: rows(usage)).print(format: call.flags["format"])
        if call.flags.isSet("format") { return 0 }
        Output.line("")
        try Listing(columns: driverColumns, shown: driverColumns.map(\.field), rows: usage["StorageDrivers"].array.map(driver)).print(format: "")
        let root = usage["DataRoot"]
        Output.line("\nThe data root takes \(Human.size(root["Size"].integer)) on disk, \(Human.size(root["Other"].integer)) of it for state, drivers and indexes.")
        if call.flags.bool("verbose") { try details(usage) }
        return 0
    }

    private static let columns: [Listing.Column] = [
        ("Type", "TYPE"), ("TotalCount", "TOTAL"), ("Active", "ACTIVE"), ("Size", "SIZE"), ("Reclaimable", "RECLAIMABLE"),
    ].map { Listing.Column(field: $0.0, title: $0.1) }

    private static let driverColumns: [Listing.Column] = [
        ("Name", "STORAGE DRIVER"), ("Images", "IMAGES"), ("Layers", "LAYERS"), ("LayersSize", "LAYERS SIZE"), ("Containers", "CONTAINERS"), ("ContainersSize", "CONTAINERS SIZE"), ("Size", "ON DISK"),
        ("Error", "ERROR"),
    ].map { Listing.Column(field: $0.0, title: $0.1) }

    private static func rows(_ usage: JSONValue) -> [JSONValue] {
        let images = usage["Images"].array, containers = usage["Containers"].array, volumes = usage["Volumes"].array
        let used = images.filter { $0["Containers"].integer > 0 }
        let layers = usage["LayersSize"].integer
        let running = containers.filter { ["running", "paused", "restarting"].contains($0["State"].string) }
        let written = sum(containers, "SizeRw")
        let mounted = volumes.filter { $0["UsageData"]["RefCount"].integer > 0 }
        let known = volumes.filter { $0["UsageData"]["Size"].integer > 0 }.reduce(Int64(0)) { $0 + $1["UsageData"]["Size"].integer }
        return [
            row("Images", images.count, used.count, layers, max(0, layers - used.reduce(0) { $0 + $1["Size"].integer - max(0, $1["SharedSize"].integer) })),
            row("Image Blobs", Int(usage["Blobs"]["Count"].integer), 0, usage["Blobs"]["Size"].integer, 0),
            row("Containers", containers.count, running.count, written, written - sum(running, "SizeRw")),
            row("Container Logs", containers.count, running.count, sum(containers, "SizeLog"), 0),
            row("Local Volumes", volumes.count, mounted.count, known, volumes.filter { $0["UsageData"]["RefCount"].integer == 0 }.reduce(Int64(0)) { $0 + max(0, $1["UsageData"]["Size"].integer) }),
        ]
    }

    private static func sum(_ values: [JSONValue], _ field: String) -> Int64 { values.reduce(0) { $0 + $1[field].integer } }

    private static func row(_ kind: String, _ total: Int, _ active: Int, _ size: Int64, _ free: Int64) -> JSONValue {
        let share = size > 0 ? " (\(free * 100 / size)%)" : ""
        return [
            "Type": .string(kind), "TotalCount": .string("\(total)"), "Active": .string("\(active)"), "Size": .string(Human.size(size)),
            "Reclaimable": .string(Human.size(free) + share),
        ]
    }

    private static func driver(_ driver: JSONValue) -> JSONValue {
        [
            "Name": driver["Name"], "Images": .string("\(driver["Images"].integer)"), "Layers": .string("\(driver["Layers"].integer)"),
            "LayersSize": .string(Human.size(driver["LayersSize"].integer)), "Containers": .string("\(driver["Containers"].integer)"),
            "ContainersSize": .string(Human.size(driver["ContainersSize"].integer)), "Size": .string(Human.size(driver["Size"].integer)), "Error": driver["Error"],
        ]
    }

    /// Each image and container with the drivers that hold it.
    private static func details(_ usage: JSONValue) throws {
        Output.line("")
        let images = Table(
            header: ["IMAGE", "IMAGE ID", "SIZE", "SHARED SIZE", "CONTAINERS", "STORAGE DRIVERS"],
            rows: usage["Images"].array.map { image in
                [
                    image["RepoTags"][0].string.isEmpty ? "<none>" : image["RepoTags"][0].string, ContainerList.short(image["Id"].string, false), Human.size(image["Size"].integer),
                    Human.size(max(0, image["SharedSize"].integer)), "\(image["Containers"].integer)", image["StorageDrivers"].array.map(\.string).joined(separator: " "),
                ]
            })
        let containers = Table(
            header: ["CONTAINER ID", "IMAGE", "SIZE", "STATUS", "NAMES", "STORAGE DRIVER"],
            rows: usage["Containers"].array.map { container in
                [
                    ContainerList.short(container["Id"].string, false), container["Image"].string, Human.size(container["SizeRw"].integer), container["Status"].string,
                    String(container["Names"][0].string.dropFirst()), container["StorageDriver"].string,
                ]
            })
        Output.write("\(images.text)\n\(containers.text)".utf8)
    }
}
