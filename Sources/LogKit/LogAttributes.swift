public import DriverKit
import Glibc

/// Facts of the container that Docker's options `labels`, `labels-regex`, `env` and `env-regex` choose.
///
/// The engine gives the container's labels as they are, and its own facts under "gantry.": "gantry.container.name",
/// "gantry.image.name", "gantry.image.id", and "gantry.env.NAME" when an option asks for the environment.
public enum LogAttributes {
    static let prefix = "gantry."

    /// Name → value.
    /// - Throws: EINVAL when an expression is none.
    public static func chosen(_ context: OpenContext) throws(DriverError) -> [String: String] {
        var values: [String: String] = [:]
        let labels = context.labels
        let environment = environment(context)
        for name in names(context.options["labels"]) { values[name] = labels[name] }
        for name in try matching("labels-regex", context, labels.keys.filter { !$0.hasPrefix(prefix) }) { values[name] = labels[name] }
        for name in names(context.options["env"]) { if let value = environment[name] { values[name] = value } }
        for name in try matching("env-regex", context, environment.keys) { values[name] = environment[name] }
        return values
    }

    private static func environment(_ context: OpenContext) -> [String: String] {
        let start = "\(prefix)env."
        var result: [String: String] = [:]
        for (name, value) in context.labels where name.hasPrefix(start) { result[String(name.dropFirst(start.count))] = value }
        return result
    }

    private static func names(_ list: String?) -> [String] { (list ?? "").split(separator: ",").map(String.init) }

    /// POSIX extended expressions: what people write here means the same in Go's.
    private static func matching(_ option: String, _ context: OpenContext, _ names: some Sequence<String>) throws(DriverError) -> [String] {
        guard let text = context.options[option], !text.isEmpty else { return [] }
        var expression = regex_t()
        guard regcomp(&expression, text, REG_EXTENDED | REG_NOSUB) == 0 else {
            throw DriverError(EINVAL, "log opt \(option): \"\(text)\" is not a regular expression")
        }
        defer { regfree(&expression) }
        return names.filter { regexec(&expression, $0, 0, nil, 0) == 0 }
    }
}
