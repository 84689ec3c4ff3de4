import DriverKit
import Glibc
import LogKit

/// What the options of one log mean.
struct JSONFileOptions {
    static let declared = [
        DriverOption("max-size", .size, default: "-1", "Size of a file (10m is 10,000,000 bytes) at which a new one begins; -1: never"),
        DriverOption("max-file", .integer, default: "1", "Number of files kept; with 1 the file is emptied when it is full"),
        DriverOption("compress", .boolean, default: "false", "Older files are compressed with gzip"),
        DriverOption("labels", .string, "Names of container labels, separated by commas, whose values go into each record"),
        DriverOption("labels-regex", .string, "Expression: the values of labels whose names match go into each record"),
        DriverOption("env", .string, "Names of environment variables, separated by commas, whose values go into each record"),
        DriverOption("env-regex", .string, "Expression: the values of environment variables whose names match go into each record"),
        DriverOption("tag", .string, "Template of a tag that goes into each record, such as {{.Name}}/{{.ID}}"),
    ]

    /// Bytes; nil: no limit.
    var maximumSize: Int?
    var maximumFiles = 1
    var compresses = false

    init(_ options: [String: String]) throws(DriverError) {
        if let text = options["max-size"], text != "-1" {
            let size = try LogOptions.size(text)
            guard size > 0 else { throw Self.invalid("max-size must be a positive number") }
            maximumSize = size
        }
        if let text = options["max-file"] {
            guard let count = Int(text), count >= 1 else { throw Self.invalid("max-file cannot be less than 1") }
            maximumFiles = count
        }
        compresses = LogOptions.flag(options["compress"], standard: false)
        if compresses && (maximumFiles == 1 || maximumSize == nil) {
            throw Self.invalid("compress cannot be true when max-file is less than 2 or max-size is not set")
        }
    }

    private static func invalid(_ message: String) -> DriverError { DriverError(EINVAL, message) }
}
