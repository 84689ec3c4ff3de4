/// The command line, read as Docker's flags are: `--name value`, `--name=value`, `-nvalue`, `-n value`, `-ab`;
/// a switch takes a value only after `=`.
struct FlagParser {
    /// What was given, by flag.
    private(set) var settings: [String: Setting] = [:]
    private var rest: ArraySlice<String>

    /// `arguments`: without the program's name.
    static func parse(_ arguments: [String]) throws(ConfigurationError) -> [String: Setting] {
        var parser = FlagParser(rest: arguments[...])
        try parser.parseAll()
        return parser.settings
    }

    private init(rest: ArraySlice<String>) { self.rest = rest }

    private mutating func parseAll() throws(ConfigurationError) {
        while let argument = rest.popFirst() {
            if argument == "--" { break }
            if argument.hasPrefix("--") {
                try parseLong(argument.dropFirst(2))
            } else if argument.hasPrefix("-") && argument.count > 1 {
                try parseShort(argument)
            } else {
                throw ConfigurationError("\"gantryd\" accepts no arguments, and \"\(argument)\" is no flag")
            }
        }
        if let argument = rest.first { throw ConfigurationError("\"gantryd\" accepts no arguments, and \"\(argument)\" is no flag") }
    }

    private mutating func parseLong(_ text: Substring) throws(ConfigurationError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        guard let directive = Directives.byFlag[name] else {
            let hint = NearestName.hint(name, among: Directives.byFlag.keys) { "--\($0)" }
            throw ConfigurationError("unknown flag: --\(name)\(hint)")
        }
        if parts.count == 2 { return try give(directive, String(parts[1])) }
        if directive.isToggle { return try give(directive, "true") }
        guard let value = rest.popFirst() else { throw ConfigurationError("flag needs an argument: --\(name)") }
        try give(directive, value)
    }

    private mutating func parseShort(_ argument: String) throws(ConfigurationError) {
        var letters = argument.dropFirst()
        while let letter = letters.popFirst() {
            guard let directive = Directives.byShort[letter] else {
                throw ConfigurationError("unknown shorthand flag: '\(letter)' in \(argument)")
            }
            if directive.isToggle && letters.first != "=" {
                try give(directive, "true")
                continue
            }
            if letters.first == "=" {
                letters.removeFirst()
            } else if letters.isEmpty {
                guard let value = rest.popFirst() else {
                    throw ConfigurationError("flag needs an argument: '\(letter)' in \(argument)")
                }
                return try give(directive, value)
            }
            return try give(directive, String(letters))
        }
    }

    private mutating func give(_ directive: Directive, _ value: String) throws(ConfigurationError) {
        let setting: Setting
        do { setting = try directive.read(value) } catch {
            throw ConfigurationError("invalid argument \"\(value)\" for \"\(directive.flagName)\" flag: \(error)")
        }
        if let earlier = settings[directive.flag], earlier != setting, directive.namesDefaultDriver {
            throw ConfigurationError("--\(directive.flag) is given twice, with \"\(earlier)\" and \"\(setting)\": there is one default driver of a kind")
        }
        settings[directive.flag] = settings[directive.flag]?.adding(setting) ?? setting
    }
}
