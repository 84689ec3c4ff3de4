import EngineModel

extension Directive {
    /// A value from the command line. Throws the reason alone.
    func read(_ text: String) throws(ConfigurationError) -> Setting {
        switch field {
        case .text, .commandText: return .text(text)
        case .number:
            guard let number = Int(text) else { throw ConfigurationError("it must be a whole number") }
            return .number(number)
        case .toggle, .commandToggle: return .toggle(try Self.truth(text))
        case .list: return .list([text])
        case .pairs: return .pairs(try Self.pair(text))
        case .size:
            guard let size = ByteSize.parse(text) else { throw ConfigurationError("it must be a size, as 64m") }
            return .size(size)
        case .ulimits:
            let limit = try UlimitText.parse(text)
            return .ulimits([limit.name: limit])
        }
    }

    /// The words that Go's strconv.ParseBool takes.
    private static func truth(_ text: String) throws(ConfigurationError) -> Bool {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": return true
        case "0", "f", "F", "false", "FALSE", "False": return false
        default: throw ConfigurationError("it must be true or false")
        }
    }

    private static func pair(_ text: String) throws(ConfigurationError) -> [String: String] {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard !parts[0].isEmpty else { throw ConfigurationError("it must be name=value") }
        return [String(parts[0]): parts.count > 1 ? String(parts[1]) : ""]
    }
}
