import Glibc
import Logging

/// One line of JSON, with its newline: the keys that Docker's daemon has with `--log-format json`, and the fields beside
/// them, sorted.
enum JSONLine {
    static func text(_ time: timespec, _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata) -> String {
        var members = ["level": Levels.name(level), "msg": message, "time": LogfmtLine.timestamp(time)]
        // As Docker's logger does it with a field that is called as one of its own.
        for (key, value) in metadata { members[members[key] == nil ? key : "fields.\(key)"] = "\(value)" }
        return "{" + members.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }.joined(separator: ",") + "}\n"
    }

    private static func quoted(_ text: String) -> String { QuotedText.of(text, escape: "\\u00") }
}
