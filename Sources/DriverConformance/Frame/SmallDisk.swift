import Glibc
import LinuxSystem

/// A file system in memory with little room, seen by this process alone.
enum SmallDisk {
    static func mount(at path: String, kilobytes: Int) throws {
        try MountNamespace.mount("tmpfs", at: path, type: "tmpfs", flags: 0, options: "size=\(kilobytes)k,mode=0755")
    }
}
