import EngineClient
import EngineWire

/// What nobody uses goes, after a question.
extension Command {
    static let containerPrune = prune("container", "Remove all stopped containers") { call in
        guard isConfirmed(call, "This will remove all stopped containers.") else { return nil }
        return try Prune.containers.run(call)
    }

    static let networkPrune = prune("network", "Remove all unused networks") { call in
        guard isConfirmed(call, "This will remove all custom networks not used by at least one container.") else { return nil }
        _ = try Prune.networks.run(call)
        return nil
    }

    static let volumePrune = prune("volume", "Remove unused local volumes", [Flag("all", "a", .bool, "Remove all unused volumes, not just anonymous ones")]) { call in
        let all = call.flags.bool("all")
        guard isConfirmed(call, "This will remove \(all ? "all" : "anonymous") local volumes not used by at least one container.") else { return nil }
        return try Prune.volumes.run(call, all ? ["all": ["true"]] : [:])
    }

    static let imagePrune = prune("image", "Remove unused images", [allImages]) { call in
        let all = call.flags.bool("all")
        guard isConfirmed(call, all ? "This will remove all images without at least one container associated to them." : "This will remove all dangling images.") else { return nil }
        return try Prune.images.run(call, all ? ["dangling": ["false"]] : [:])
    }

    static let systemPrune = prune("system", "Remove unused data", [allImages, Flag("volumes", nil, .bool, "Prune anonymous volumes")]) { call in
        let all = call.flags.bool("all"), volumes = call.flags.bool("volumes")
        if volumes && call.flags.list("filter").contains(where: { $0.hasPrefix("until=") }) { throw Refusal("ERROR: The \"until\" filter is not supported with \"--volumes\"") }
        let what =
            ["all stopped containers", "all networks not used by at least one container"] + (volumes ? ["all anonymous volumes not used by at least one container"] : [])
            + [all ? "all images without at least one container associated to them" : "all dangling images"]
        guard isConfirmed(call, "This will remove:\n" + what.map { "  - \($0)\n" }.joined()) else { return nil }
        var bytes = try Prune.containers.run(call)
        bytes += try Prune.networks.run(call)
        if volumes { bytes += try Prune.volumes.run(call) }
        return bytes + (try Prune.images.run(call, all ? ["dangling": ["false"]] : [:]))
    }

    private static let allImages = Flag("all", "a", .bool, "Remove all unused images, not just dangling ones")

    /// - Parameter run: the bytes that became free; nil: nothing is to be said of them.
    private static func prune(_ noun: String, _ summary: String, _ flags: [Flag] = [], _ run: @escaping @Sendable (Invocation) throws -> Int64?) -> Command {
        let common = [Flag("force", "f", .bool, "Do not prompt for confirmation"), Flag("filter", nil, .list, "Provide filter values", value: "filter")]
        return Command(names: ["\(noun) prune"], usage: "[OPTIONS]", summary: summary, flags: common + flags, words: 0...0) { call in
            if let bytes = try run(call) { Output.line("Total reclaimed space: \(Human.size(bytes))") }
            return 0
        }
    }

    private static func isConfirmed(_ call: Invocation, _ warning: String) -> Bool {
        if call.flags.bool("force") { return true }
        Output.write("WARNING! \(warning)\nAre you sure you want to continue? [y/N] ".utf8)
        return ["y", "Y"].contains(readLine() ?? "")
    }
}

/// One kind of thing that can be pruned.
private struct Prune: Sendable {
    var path, title: String
    var deleted: @Sendable (JSONValue) -> [String]

    static let containers = Prune(path: "/containers/prune", title: "Deleted Containers") { $0["ContainersDeleted"].array.map(\.string) }
    static let networks = Prune(path: "/networks/prune", title: "Deleted Networks") { $0["NetworksDeleted"].array.map(\.string) }
    static let volumes = Prune(path: "/volumes/prune", title: "Deleted Volumes") { $0["VolumesDeleted"].array.map(\.string) }
    static let images = Prune(path: "/images/prune", title: "Deleted Images") { answer in
        answer["ImagesDeleted"].array.flatMap { $0.entries.map { "\($0.key): \($0.value.string)" } }
    }

    /// Shows what went. - Returns: the bytes that became free.
    func run(_ call: Invocation, _ filters: [String: [String]] = [:]) throws -> Int64 {
        let answer = try call.engine.post(path, try Pairs.filters(call.flags.list("filter"), adding: filters))
        let names = deleted(answer)
        if !names.isEmpty { Output.line("\(title):\n\(names.joined(separator: "\n"))\n") }
        return answer["SpaceReclaimed"].integer
    }
}
