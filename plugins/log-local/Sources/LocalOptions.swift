import DriverKit
import Glibc
import LogKit

/// What the options of one log mean; names and defaults are Docker's.
struct LocalOptions {
    static let declared = [
        DriverOption("max-size", .size, default: "20971520", "Size of a file (20m is 20,000,000 bytes) at which a new one begins"),
        DriverOption("max-file", .integer, default: "5", "Number of files kept"),
        DriverOption("compress", .boolean, default: "true", "Full files are compressed"),
    ]

    /// Bytes.
    var maximumSize = 20 << 20
    var maximumFiles = 5
    var compresses = true

    init(_ options: [String: String]) throws(DriverError) {
        if let text = options["max-size"] {
            let size = text == "-1" ? -1 : try LogOptions.size(text)
            guard size > 0 else { throw Self.invalid("max-size must be a positive number") }
            maximumSize = size
        }
        if let text = options["max-file"] {
            guard let count = Int(text) else { throw Self.invalid("invalid value for max-file: \(text)") }
            guard count >= 1 else { throw Self.invalid("max-file cannot be less than 1") }
            maximumFiles = count
        }
        compresses = LogOptions.flag(options["compress"], standard: true)
        if compresses && maximumFiles == 1 { throw Self.invalid("compression cannot be enabled when max file count is 1") }
    }

    private static func invalid(_ message: String) -> DriverError { DriverError(EINVAL, message) }
}
