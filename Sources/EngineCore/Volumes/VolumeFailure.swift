import EngineErrors

/// Docker's sentences about volumes; clients know them.
enum VolumeFailure {
    static func missing(_ action: String, _ name: String) -> EngineError {
        EngineError(.notFound, "\(action) \(name): no such volume")
    }

    static func inUse(_ name: String, _ users: [String]) -> EngineError {
        EngineError(.conflict, "remove \(name): volume is in use - [\(users.joined(separator: " "))]")
    }

    static func otherDriver(_ name: String) -> EngineError {
        EngineError(.conflict, "create \(name): volume name must be unique")
    }

    static func prefixed(_ prefix: String, _ error: EngineError) -> EngineError {
        var error = error
        error.message = "\(prefix): \(error.message)"
        return error
    }

    static func checkName(_ name: String) throws(EngineError) {
        if name.utf8.count == 1 {
            throw EngineError(
                .invalidArgument, "create \(name): volume name is too short, names should be at least two alphanumeric characters")
        }
        guard let first = name.utf8.first, isAlphanumeric(first), name.utf8.allSatisfy(isAllowed), name.utf8.count <= 255 else {
            throw EngineError(
                .invalidArgument,
                "create \(name): \"\(name)\" includes invalid characters for a local volume name, only "
                    + "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path")
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        default: false
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
    }
}
