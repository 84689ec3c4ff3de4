import DriverKit
import Glibc

/// What the options of one log mean.
struct JSONFileOptions {
    static let declared = [
        DriverOption("max-size", .size, default: "-1", "Size of a file (10m is 10,000,000 bytes) at which a new one begins; -1: never"),
        DriverOption("max-file", .integer, default: "1", "Number of files kept; with 1 the file is emptied when it is full"),
        DriverOption("compress", .boolean, default: "false", "Compression of older files; only false is supported"),
        DriverOption("labels", .string, "Names of container labels, separated by commas, whose values go into each record"),
        DriverOption("env", .string, "Names of environment variables, separated by commas, whose values go into each record"),
        DriverOption("tag", .string, "Template of a tag that goes into each record, such as {{.Name}}/{{.ID}}"),
        DriverOption("mode", .string, default: "blocking", "blocking or non-blocking; accepted for Docker's sake, writes are always blocking"),
        DriverOption("max-buffer-size", .size, default: "1m", "Accepted for Docker's sake: goes with mode=non-blocking"),
    ]

    /// Bytes; nil: no limit.
    var maximumSize: Int?
    var maximumFiles = 1

    init(_ options: [String: String]) throws(DriverError) {
        if let text = options["max-size"], text != "-1" { maximumSize = try Self.size(text) }
        if let text = options["max-file"] {
            guard let count = Int(text), count >= 1 else { throw Self.invalid("max-file cannot be less than 1") }
            maximumFiles = count
        }
        if let text = options["compress"], ["1", "t", "T", "true", "TRUE", "True"].contains(text) {
            throw Self.invalid("compress=\(text) is not supported by the json-file log driver; leave the option out or set it to false")
        }
        if let mode = options["mode"], !["", "blocking", "non-blocking"].contains(mode) {
            throw Self.invalid("logger: logging mode not supported: \(mode)")
        }
    }

    /// Docker counts in thousands here.
    private static func size(_ text: String) throws(DriverError) -> Int {
        let number = text.prefix { $0.isNumber || $0 == "." }
        let unit = text.dropFirst(number.count).drop { $0 == " " }.lowercased()
        let powers: [Character: Double] = ["b": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15]
        guard let value = Double(number), let factor = unit.first.map({ powers[$0] }) ?? 1, value * factor < 9e18 else {
            throw invalid("invalid size: '\(text)'")
        }
        let bytes = Int(value * factor)
        guard bytes > 0 else { throw invalid("max-size must be a positive number") }
        return bytes
    }

    private static func invalid(_ message: String) -> DriverError { DriverError(EINVAL, message) }
}
