import Glibc
public import LinuxSystem

/// The root folder of a container's tree, which everybody inside must be able to enter.
public enum RootFolder {
    /// Makes it, empty.
    public static func make(_ path: String) throws(Errno) {
        try Files.makeDirectory(path, mode: 0o755)
        try openToAll(path)
    }

    /// The daemon's umask must not reach it.
    public static func openToAll(_ path: String) throws(Errno) {
        try Errno.check("chmod \(path)", chmod(path, 0o755))
    }
}
