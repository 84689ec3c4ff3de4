import EngineModel

extension Directive {
    /// A value from the file. `key` is for the error.
    func read(_ value: JSONValue, key: String) throws(ConfigurationError) -> Setting {
        switch (field, value) {
        case (.text, .text(let text)): return .text(text)
        case (.number, .whole(let number)): return .number(number)
        case (.toggle, .toggle(let toggle)): return .toggle(toggle)
        case (.list, .list(let values)): return .list(try Self.texts(values, key))
        case (.pairs, .object(let members)): return .pairs(try Self.pairs(members, key))
        case (.size, .whole(let bytes)): return .size(Int64(bytes))
        case (.size, .text(let text)):
            guard let size = ByteSize.parse(text) else { throw mistyped(value, key) }
            return .size(size)
        case (.ulimits, .object(let members)): return .ulimits(try Self.ulimits(members, key))
        default: throw mistyped(value, key)
        }
    }

    private func mistyped(_ value: JSONValue, _ key: String) -> ConfigurationError {
        ConfigurationError("\"\(key)\" must be \(wanted), not \(value.described)")
    }

    private var wanted: String {
        switch field {
        case .text, .commandText: "a text"
        case .number: "a whole number"
        case .toggle, .commandToggle: "true or false"
        case .list: "a list of texts"
        case .pairs: "an object of texts, as {\"max-size\": \"10m\"}"
        case .size: "a size, as \"64m\" or a number of bytes"
        case .ulimits: "an object, as {\"nofile\": {\"Soft\": 1024, \"Hard\": 2048}}"
        }
    }

    private static func texts(_ values: [JSONValue], _ key: String) throws(ConfigurationError) -> [String] {
        var texts: [String] = []
        for value in values {
            guard case .text(let text) = value else {
                throw ConfigurationError("\"\(key)\" must be a list of texts, and one of them is \(value.described)")
            }
            texts.append(text)
        }
        return texts
    }

    private static func pairs(_ members: [String: JSONValue], _ key: String) throws(ConfigurationError) -> [String: String] {
        var pairs: [String: String] = [:]
        for (name, value) in members {
            guard case .text(let text) = value else {
                throw ConfigurationError("\"\(name)\" in \"\(key)\" must be a text, not \(value.described)")
            }
            pairs[name] = text
        }
        return pairs
    }

    /// Docker's form: {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 2048}}.
    private static func ulimits(_ members: [String: JSONValue], _ key: String) throws(ConfigurationError) -> [String: Ulimit] {
        var limits: [String: Ulimit] = [:]
        for (name, value) in members {
            guard case .object(let fields) = value, case .whole(let soft)? = fields["Soft"], case .whole(let hard)? = fields["Hard"]
            else {
                throw ConfigurationError("\"\(name)\" in \"\(key)\" must be an object with the whole numbers \"Soft\" and \"Hard\"")
            }
            if let extra = fields.keys.sorted().first(where: { !["Name", "Soft", "Hard"].contains($0) }) {
                throw ConfigurationError("\"\(name)\" in \"\(key)\" has the unknown key \"\(extra)\"")
            }
            limits[name] = try UlimitText.checked(Ulimit(name: name, soft: Int64(soft), hard: Int64(hard)))
        }
        return limits
    }
}
