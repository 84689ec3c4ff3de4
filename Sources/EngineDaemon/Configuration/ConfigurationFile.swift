import Glibc
import LinuxSystem

/// The configuration file: JSON with comments, one key for each directive.
enum ConfigurationFile {
    /// - Returns: the settings by key; none when there is no file and nobody asked for one.
    static func read(_ path: String, isRequired: Bool) throws(ConfigurationError) -> [String: Setting] {
        let bytes: [UInt8]
        do { bytes = try Files.read(path) } catch {
            if !isRequired && (error.code == ENOENT) { return [:] }
            throw ConfigurationError("\(error)")
        }
        return try parse(bytes)
    }

    static func parse(_ bytes: [UInt8]) throws(ConfigurationError) -> [String: Setting] {
        // Docker, too, takes an empty file for an empty configuration.
        if bytes.allSatisfy({ $0 == 0x20 || (0x09...0x0d).contains($0) }) { return [:] }
        guard case .object(let members) = try JSONReader.parse(bytes) else {
            throw ConfigurationError("the file must hold one JSON object")
        }
        try checkKeys(members.keys)
        var settings: [String: Setting] = [:]
        for (key, value) in members {
            guard let directive = Directives.byKey[key] else { continue }
            settings[key] = try directive.read(value, key: key)
        }
        return settings
    }

    private static func checkKeys(_ keys: some Sequence<String>) throws(ConfigurationError) {
        let unknown = keys.filter { Directives.byKey[$0] == nil }.sorted()
        if unknown.isEmpty { return }
        let hints = unknown.compactMap { word in
            NearestName.find(word, among: Directives.byKey.keys).map { unknown.count == 1 ? "\"\($0)\"" : "\"\($0)\" for \"\(word)\"" }
        }
        let hint = hints.isEmpty ? "" : "; did you mean \(hints.joined(separator: ", "))?"
        throw ConfigurationError("the following directives don't match any configuration option: \(unknown.joined(separator: ", "))\(hint)")
    }
}
