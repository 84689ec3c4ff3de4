/// What the user gave for the flags of a command.
struct FlagValues: Sendable {
    private var values: [String: [String]] = [:]

    mutating func add(_ name: String, _ value: String, replaces: Bool) {
        if replaces { values[name] = [value] } else { values[name, default: []].append(value) }
    }

    func isSet(_ name: String) -> Bool { values[name] != nil }

    /// "" unless the user gave it.
    subscript(_ name: String) -> String { values[name]?.last ?? "" }

    func optional(_ name: String) -> String? { values[name]?.last }
    func list(_ name: String) -> [String] { values[name] ?? [] }
    func bool(_ name: String, standard: Bool = false) -> Bool { values[name]?.last.flatMap(Self.truth) ?? standard }
    func integer(_ name: String) -> Int64? { values[name]?.last.flatMap { Int64($0) } }
    func size(_ name: String) -> Int64? { values[name]?.last.flatMap(Sizes.bytes) }

    /// Go's words for true and false.
    static func truth(_ text: String) -> Bool? {
        switch text {
        case "1", "t", "T", "TRUE", "true", "True": true
        case "0", "f", "F", "FALSE", "false", "False": false
        default: nil
        }
    }
}
