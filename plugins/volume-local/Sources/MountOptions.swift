import DriverKit
import Glibc

/// Options as mount(8) takes them: the words that are flags, and the rest, which is the file system's own.
struct MountOptions {
    static let bind: UInt64 = 4096, recursive: UInt64 = 16384

    private(set) var flags: UInt64 = 0
    private(set) var data = ""

    /// Flags that a word sets or clears (linux/mount.h).
    private static let words: [String: (set: UInt64, clear: UInt64)] = [
        "defaults": (0, 0), "ro": (1, 0), "rw": (0, 1), "nosuid": (2, 0), "suid": (0, 2), "nodev": (4, 0), "dev": (0, 4),
        "noexec": (8, 0), "exec": (0, 8), "sync": (16, 0), "async": (0, 16), "dirsync": (128, 0), "mand": (64, 0), "nomand": (0, 64),
        "noatime": (1024, 0), "atime": (0, 1024), "nodiratime": (2048, 0), "diratime": (0, 2048),
        "relatime": (1 << 21, 0), "norelatime": (0, 1 << 21), "strictatime": (1 << 24, 0), "nostrictatime": (0, 1 << 24),
        "lazytime": (1 << 25, 0), "nolazytime": (0, 1 << 25),
        "bind": (bind, 0), "rbind": (bind | recursive, 0),
    ]
    private static let refused: Set = ["remount", "move", "shared", "slave", "private", "unbindable", "rshared", "rslave", "rprivate", "runbindable"]

    init(_ list: String) throws(DriverError) {
        var rest: [Substring] = []
        for word in list.split(separator: ",") {
            if Self.refused.contains(String(word)) { throw DriverError(EINVAL, "the option o=\(word) has no meaning for a volume") }
            guard let change = Self.words[String(word)] else {
                rest.append(word)
                continue
            }
            flags = flags & ~change.clear | change.set
        }
        data = rest.joined(separator: ",")
        if isBind && !data.isEmpty { throw DriverError(EINVAL, "a bind mount has no option \"\(data)\"") }
    }

    var isBind: Bool { flags & Self.bind != 0 }
}
