/// A flag of a command.
struct Flag: Sendable {
    enum Kind: Sendable, Equatable {
        case bool, text, list, integer, size, decimal
    }

    /// Other spellings are separate flags with `alias`.
    var long: String
    var short: Character?
    var kind: Kind
    /// What the help calls its value; nil: the kind's name.
    var value: String?
    /// A value that is not the kind's zero, as text.
    var standard: String?
    var help: String
    /// The flag whose values this one sets; such a flag is not in the help.
    var alias: String?

    init(
        _ long: String, _ short: Character? = nil, _ kind: Kind, _ help: String, value: String? = nil, standard: String? = nil,
        alias: String? = nil
    ) {
        self.long = long
        self.short = short
        self.kind = kind
        self.help = help
        self.value = value
        self.standard = standard
        self.alias = alias
    }

    var valueName: String {
        if let value { return value }
        switch kind {
        case .bool: return ""
        case .text: return "string"
        case .list: return "list"
        case .integer: return "int"
        case .size: return "bytes"
        case .decimal: return "decimal"
        }
    }

    /// As messages name it: "-m, --memory".
    var name: String { short.map { "-\($0), --\(long)" } ?? "--\(long)" }
}
