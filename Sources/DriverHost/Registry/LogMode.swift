import EngineErrors

/// Docker's options that belong to no log driver: `mode` and `max-buffer-size`. Here every driver's writes are blocking,
/// and no line is dropped.
public enum LogMode {
    private static let names: Set = ["mode", "max-buffer-size"]

    /// The options without them, for the driver.
    public static func removed(from options: [String: String]) -> [String: String] { options.filter { !names.contains($0.key) } }

    /// In Docker's words.
    static func check(_ options: [String: String]) throws(EngineError) {
        let mode = options["mode"] ?? ""
        guard ["", "blocking", "non-blocking"].contains(mode) else {
            throw EngineError(.invalidArgument, "logger: logging mode not supported: \(mode)")
        }
        if options["max-buffer-size"] != nil && mode != "non-blocking" {
            throw EngineError(.invalidArgument, "logger: max-buffer-size option is only supported with 'mode=non-blocking'")
        }
    }
}
