import EngineErrors

/// Docker's options that belong to no log driver: `mode` and `max-buffer-size`.
public enum LogMode {
    private static let names: Set = ["mode", "max-buffer-size"]
    /// Docker's, in bytes.
    private static let standardBuffer: Int64 = 1_000_000

    /// The options without them, for the driver.
    public static func removed(from options: [String: String]) -> [String: String] { options.filter { !names.contains($0.key) } }

    /// Bytes of lines that may wait for the driver while the container runs on; nil: the container waits.
    static func buffer(_ options: [String: String]) -> Int64? {
        options["mode"] == "non-blocking" ? options["max-buffer-size"].map { SizeText.bytes($0) ?? standardBuffer } ?? standardBuffer : nil
    }

    /// In Docker's words.
    static func check(_ options: [String: String]) throws(EngineError) {
        let mode = options["mode"] ?? ""
        guard ["", "blocking", "non-blocking"].contains(mode) else {
            throw EngineError(.invalidArgument, "logger: logging mode not supported: \(mode)")
        }
        guard let size = options["max-buffer-size"] else { return }
        if mode != "non-blocking" {
            throw EngineError(.invalidArgument, "logger: max-buffer-size option is only supported with 'mode=non-blocking'")
        }
        if SizeText.bytes(size) == nil { throw EngineError(.invalidArgument, "error parsing option max-buffer-size: \(size): invalid size: '\(size)'") }
    }
}
