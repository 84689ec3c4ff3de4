/// What `--help` shows, in the shape that Docker's has.
enum Help {
    /// All commands, or those of a group.
    static func text(group: String?, _ commands: [Command]) -> String {
        let rows: [(String, String)] = commands.compactMap { command in
            guard let group else { return command.name.contains(" ") ? nil : (command.name, command.summary) }
            return command.names.first { $0.hasPrefix("\(group) ") }.map { (String($0.dropFirst(group.count + 1)), command.summary) }
        }
        var text = "Usage:  gantry \(group.map { "\($0) COMMAND" } ?? "[OPTIONS] COMMAND")\n\n"
        if group == nil {
            text += "A container engine whose parts can be swapped\n\n"
            let groups = Set(commands.flatMap(\.names).filter { $0.contains(" ") }.map { String($0.prefix { $0 != " " }) }).sorted()
            text += "Management Commands:\n\(list(groups.map { ($0, "Manage \($0 == "system" ? "the engine" : "\($0)s")") }))\n\n"
        }
        text += "Commands:\n\(list(rows.sorted { $0.0 < $1.0 }))\n"
        if group == nil { text += "\nGlobal Options:\n\(options(GlobalFlags.flags))\n" }
        return text + "\nRun 'gantry \(group.map { "\($0) " } ?? "")COMMAND --help' for more information on a command.\n"
    }

    static func text(_ command: Command) -> String {
        var text = "\(command.usageLine)\n\n\(command.summary)\n"
        if command.names.count > 1 { text += "\nAliases:\n  \(command.names.map { "gantry \($0)" }.joined(separator: ", "))\n" }
        if !command.flags.isEmpty { text += "\nOptions:\n\(options(command.flags))\n" }
        return text
    }

    private static func options(_ flags: [Flag]) -> String {
        list(
            flags.filter { $0.alias == nil }.sorted { $0.long < $1.long }.map { flag in
                let name = (flag.short.map { "-\($0), " } ?? "    ") + "--\(flag.long)" + (flag.valueName.isEmpty ? "" : " \(flag.valueName)")
                return (name, flag.help + (flag.standard.map { " (default \($0))" } ?? ""))
            })
    }

    private static func list(_ rows: [(String, String)]) -> String {
        let width = max(11, rows.map(\.0.count).max() ?? 0)
        return rows.map { "  \($0.0)\(String(repeating: " ", count: width - $0.0.count))   \($0.1)" }.joined(separator: "\n")
    }
}
