import DriverKit
import Glibc

/// The contract's rule for keys: `[a-zA-Z0-9_.-]{1,128}`. They are file names of the index.
public enum SnapshotKey {
    /// - Throws: EINVAL.
    public static func check(_ key: String) throws {
        guard (1...128).contains(key.utf8.count), key != ".", key != "..", key.utf8.allSatisfy(isAllowed) else {
            throw DriverError(EINVAL, "snapshot key \"\(key)\" is not allowed; use 1 to 128 letters, digits, '_', '.' or '-'")
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): true
        default: false
        }
    }
}
