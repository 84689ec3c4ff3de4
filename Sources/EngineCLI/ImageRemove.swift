import EngineClient
import EngineWire

extension Command {
    static let imageTag = Command(
        names: ["tag", "image tag"], usage: "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]", summary: "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE", words: 2...2
    ) { call in
        let name = call.words[1], slash = name.lastIndex(of: "/") ?? name.startIndex
        let colon = name[slash...].lastIndex(of: ":") ?? name.endIndex
        _ = try call.engine.post(
            "/images/\(Call.escape(call.words[0], keeping: "/:@"))/tag", [("repo", String(name[..<colon])), ("tag", String(name[colon...].dropFirst()))])
        return 0
    }

    static let imageRemove = Command(
        names: ["rmi", "image rm", "image remove"], usage: "[OPTIONS] IMAGE [IMAGE...]", summary: "Remove one or more images",
        flags: [Flag("force", "f", .bool, "Force removal of the image"), Flag("no-prune", nil, .bool, "Do not delete untagged parents")], words: 1...Int.max
    ) { call in
        let query = (call.flags.bool("force") ? [("force", "1")] : []) + (call.flags.bool("no-prune") ? [("noprune", "1")] : [])
        return Each.words(call.words, prints: false) { name in
            for removal in try call.engine.delete("/images/\(Call.escape(name, keeping: "/:@"))", query).array { show(removal) }
        }
    }

    private static func show(_ removal: JSONValue) {
        for member in removal.entries { Output.line("\(member.key): \(member.value.string)") }
    }
}
