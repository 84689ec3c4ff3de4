import CLinux
import EngineErrors

/// "rw,noexec,size=64m" as mount flags and the file system's own options.
struct MountOptions: Sendable, Equatable {
    var flags: UInt64
    var data: [String] = []

    private static let setting: [String: UInt64] = [
        "ro": UInt64(MS_RDONLY), "nosuid": UInt64(MS_NOSUID), "nodev": UInt64(MS_NODEV),
        "noexec": UInt64(MS_NOEXEC), "sync": UInt64(MS_SYNCHRONOUS), "noatime": UInt64(MS_NOATIME),
        "nodiratime": UInt64(MS_NODIRATIME), "relatime": UInt64(MS_RELATIME), "strictatime": UInt64(MS_STRICTATIME),
    ]
    private static let clearing: [String: UInt64] = [
        "rw": UInt64(MS_RDONLY), "suid": UInt64(MS_NOSUID), "dev": UInt64(MS_NODEV),
        "exec": UInt64(MS_NOEXEC), "async": UInt64(MS_SYNCHRONOUS), "atime": UInt64(MS_NOATIME),
        "diratime": UInt64(MS_NODIRATIME), "norelatime": UInt64(MS_RELATIME), "nostrictatime": UInt64(MS_STRICTATIME),
    ]
    private static let tmpfs: Set<String> = ["size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol", "huge"]

    /// Docker's defaults for `--tmpfs`.
    init(tmpfs options: String) throws(EngineError) {
        flags = UInt64(MS_NOSUID | MS_NODEV | MS_NOEXEC)
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
        let recursive = text.hasPrefix("r") ? UInt64(MS_REC) : 0
        switch text {
        case "": return UInt64(MS_PRIVATE | MS_REC)
        case "private", "rprivate": return recursive | UInt64(MS_PRIVATE)
        case "slave", "rslave": return recursive | UInt64(MS_SLAVE)
        case "shared", "rshared": return recursive | UInt64(MS_SHARED)
        default: throw EngineError(.invalidArgument, "invalid propagation mode: \(text)")
        }
    }
}
