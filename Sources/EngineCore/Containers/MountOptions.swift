import CLinux
import EngineErrors

/// "rw,noexec,size=64m" as mount flags and the file system's own options.
struct MountOptions: Sendable, Equatable {
    var flags: UInt64
    var data: [String] = []

    private static let setting: [String: UInt64] = [
        "ro": UInt64(MS_RDONLY.rawValue), "nosuid": UInt64(MS_NOSUID.rawValue), "nodev": UInt64(MS_NODEV.rawValue),
        "noexec": UInt64(MS_NOEXEC.rawValue), "sync": UInt64(MS_SYNCHRONOUS.rawValue), "noatime": UInt64(MS_NOATIME.rawValue),
        "nodiratime": UInt64(MS_NODIRATIME.rawValue), "relatime": UInt64(MS_RELATIME.rawValue), "strictatime": UInt64(MS_STRICTATIME.rawValue),
    ]
    private static let clearing: [String: UInt64] = [
        "rw": UInt64(MS_RDONLY.rawValue), "suid": UInt64(MS_NOSUID.rawValue), "dev": UInt64(MS_NODEV.rawValue),
        "exec": UInt64(MS_NOEXEC.rawValue), "async": UInt64(MS_SYNCHRONOUS.rawValue), "atime": UInt64(MS_NOATIME.rawValue),
        "diratime": UInt64(MS_NODIRATIME.rawValue), "norelatime": UInt64(MS_RELATIME.rawValue), "nostrictatime": UInt64(MS_STRICTATIME.rawValue),
    ]
    private static let tmpfs: Set<String> = ["size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol", "huge"]

    /// Docker's defaults for `--tmpfs`.
    init(tmpfs options: String) throws(EngineError) {
        flags = UInt64(MS_NOSUID.rawValue | MS_NODEV.rawValue | MS_NOEXEC.rawValue)
        for option in options.split(separator: ",").map(String.init) {
            if let bits = Self.setting[option] {
                flags |= bits
            } else if let bits = Self.clearing[option] {
                flags &= ~bits
            } else if let sign = option.firstIndex(of: "="), Self.tmpfs.contains(String(option[..<sign])) {
                data.append(option)
            } else {
                throw EngineError(.invalidArgument, "invalid tmpfs option \"\(option)\"")
            }
        }
    }

    /// "rprivate", "shared", …
    static func propagation(_ text: String) throws(EngineError) -> UInt64 {
        let recursive = text.hasPrefix("r") ? UInt64(MS_REC.rawValue) : 0
        switch text {
        case "": return UInt64(MS_PRIVATE.rawValue | MS_REC.rawValue)
        case "private", "rprivate": return recursive | UInt64(MS_PRIVATE.rawValue)
        case "slave", "rslave": return recursive | UInt64(MS_SLAVE.rawValue)
        case "shared", "rshared": return recursive | UInt64(MS_SHARED.rawValue)
        default: throw EngineError(.invalidArgument, "invalid propagation mode: \(text)")
        }
    }
}
