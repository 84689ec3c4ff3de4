import Glibc

/// "-v": "[source:]target[:options]".
enum VolumeFlag {
    /// - Returns: the bind as the engine takes it, or nil for an anonymous volume, whose path is `target`.
    static func parse(_ text: String, folder: String = currentFolder()) throws(Refusal) -> (bind: String?, target: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard !text.isEmpty, parts.count <= 3, !parts.contains("") else {
            throw Refusal(text.isEmpty ? "invalid empty volume spec" : "invalid spec: \(text): \(parts.count > 3 ? "too many colons" : "empty section between colons")")
        }
        if parts.count == 1 { return (nil, parts[0]) }
        return (([absolute(parts[0], folder)] + parts.dropFirst()).joined(separator: ":"), parts[1])
    }

    /// "./data" and "~/data" are folders of this host; "data" is the name of a volume.
    static func absolute(_ source: String, _ folder: String) -> String {
        if source.hasPrefix("~"), source == "~" || source.hasPrefix("~/") {
            return clean((environmentVariable("HOME") ?? "/root") + source.dropFirst())
        }
        guard source.hasPrefix(".") else { return source }
        return clean("\(folder)/\(source)")
    }

    /// Without ".", ".." and double slashes.
    static func clean(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    static func currentFolder() -> String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }
}
