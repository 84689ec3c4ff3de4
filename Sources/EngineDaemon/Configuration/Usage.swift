/// The text of `--help`.
enum Usage {
    static var text: String {
        let names = Directives.all.map { directive in
            (directive.short.map { "-\($0), " } ?? "    ") + "--\(directive.flag)" + placeholder(directive)
        }
        let width = (names.map(\.count).max() ?? 0) + 3
        let lines = zip(names, Directives.all).map { name, directive in
            "  " + name + String(repeating: " ", count: width - name.count) + directive.summary
        }
        return """
            Usage:  gantryd [OPTIONS]

            A container engine with swappable drivers.

            Options:
            \(lines.joined(separator: "\n"))

            Every option but --config-file, --help, --validate and --version can stand in the
            configuration file too, repeatable ones under their plural; an option may be given in
            one of the two places only.
            """
    }

    private static func placeholder(_ directive: Directive) -> String {
        switch directive.field {
        case .text, .commandText: " string"
        case .number: " int"
        case .toggle, .commandToggle: ""
        case .list: " list"
        case .pairs: " map"
        case .size: " bytes"
        case .ulimits: " ulimit"
        }
    }
}
