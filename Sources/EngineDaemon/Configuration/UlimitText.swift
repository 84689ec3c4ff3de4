import EngineModel

/// Limits as Docker writes them: "nofile=1024" or "nofile=1024:2048"; -1 is no limit.
enum UlimitText {
    static let names: Set<String> = [
        "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime",
        "sigpending", "stack",
    ]

    static func parse(_ text: String) throws(ConfigurationError) -> Ulimit {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw ConfigurationError("invalid ulimit argument: \(text)") }
        let values = parts[1].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let soft = Int64(values[0]), let hard = Int64(values[values.count - 1]) else {
            throw ConfigurationError("the limits of \"\(text)\" must be whole numbers, as nofile=1024:2048")
        }
        return try checked(Ulimit(name: String(parts[0]), soft: soft, hard: hard))
    }

    static func checked(_ limit: Ulimit) throws(ConfigurationError) -> Ulimit {
        guard names.contains(limit.name) else {
            throw ConfigurationError("invalid ulimit type: \(limit.name)\(NearestName.hint(limit.name, among: names))")
        }
        if limit.hard != -1 && (limit.soft > limit.hard || limit.soft == -1) {
            throw ConfigurationError("ulimit soft limit must be less than or equal to hard limit: \(limit.soft) > \(limit.hard)")
        }
        return limit
    }
}
