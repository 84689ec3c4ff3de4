import LinuxSystem

/// Libraries that a driver needs are loaded from its run path, so nobody but root may be able to write there.
enum RunPath {
    /// Why an entry isn't trusted; nil when all are. `origin` is the folder of the driver's file.
    static func objection(_ entries: [String], origin: String) -> String? {
        for entry in entries {
            if let why = objection(entry, origin) { return "its run path has the entry \"\(entry)\": \(why)" }
        }
        return nil
    }

    private static func objection(_ entry: String, _ origin: String) -> String? {
        if entry == "$ORIGIN" || entry == "${ORIGIN}" { return nil }
        var path = entry
        for prefix in ["$ORIGIN/", "${ORIGIN}/"] where entry.hasPrefix(prefix) { path = "\(origin)/\(entry.dropFirst(prefix.count))" }
        guard path.hasPrefix("/") else { return "it is not absolute and does not start with $ORIGIN" }
        if path.contains("$") { return "only $ORIGIN is allowed in it" }
        return Ownership.objection(folder: existing(path))
    }

    /// The folder itself without symbolic links, or the nearest one above it that exists: who may write there could make it.
    private static func existing(_ path: String) -> String {
        var folder = path
        while true {
            if let resolved = try? Files.realPath(folder) { return resolved }
            if folder == "/" { return folder }
            folder = Ownership.parent(folder)
        }
    }
}
