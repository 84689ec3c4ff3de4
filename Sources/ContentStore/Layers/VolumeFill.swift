import CLinux
public import DriverKit
public import EngineErrors
import Glibc
import LinuxSystem

/// A new volume starts with what the image has at its place: Docker's "copy-up".
public enum VolumeFill {
    /// Copies the folder `path` of a container's tree into the empty folder `target`; does nothing when the tree has
    /// none or the target is not empty.
    ///
    /// - Parameters:
    ///   - tree: the snapshot's mounts.
    ///   - scratch: an empty folder to mount them on, in a namespace that ends with the call.
    public static func fill(_ target: String, from path: String, of tree: [Mount], scratch: String) async throws(EngineError) {
        do {
            guard try Files.list(target).isEmpty else { return }
            try await OwnThread.run {
                try MountNamespace.enterPrivate()
                for mount in tree {
                    if !mount.base.isEmpty { try Errno.check("enter \(mount.base)", chdir(mount.base)) }
                    try MountNamespace.mount(mount.source, at: scratch, type: mount.type, flags: mount.flags, options: mount.options)
                }
                defer { for _ in tree { MountNamespace.unmount(scratch) } }
                let root = try Beneath(opening: scratch)
                guard try isFolder(path, root) else { return }
                let source = try root.open(path, O_RDONLY | O_DIRECTORY)
                let destination = try Files.open(target, O_RDONLY | O_DIRECTORY)
                try copyFolder(source.raw, destination.raw)
                try copyAttributes(source.raw, destination.raw)
            }
        } catch {
            let code = (error as any Error as? Errno)?.code
            throw EngineError(
                code == ENOSPC ? .resourceExhausted : .internal, "the image's files at \(path) can't be copied into the volume: \(error)",
                errno: code, underlying: error)
        }
    }

    private static func isFolder(_ path: String, _ root: borrowing Beneath) throws(Errno) -> Bool {
        do throws(Errno) {
            _ = try root.open(path, O_PATH | O_DIRECTORY)
            return true
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return false }
            throw error
        }
    }

    private static func copyFolder(_ source: Int32, _ destination: Int32) throws {
        for name in try Files.list("/proc/self/fd/\(source)/.") {
            var status = stat()
            try Errno.check("stat \(name)", fstatat(source, name, &status, AT_SYMLINK_NOFOLLOW))
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                try Errno.check("mkdir \(name)", mkdirat(destination, name, 0o700))
                let from = try open(source, name, O_RDONLY | O_DIRECTORY), to = try open(destination, name, O_RDONLY | O_DIRECTORY)
                try copyFolder(from.raw, to.raw)
                try copyAttributes(from.raw, to.raw)
            case S_IFREG:
                let from = try open(source, name, O_RDONLY), to = try open(destination, name, O_WRONLY | O_CREAT | O_EXCL)
                while try Errno.retrying("copy \(name)", { sendfile(to.raw, from.raw, nil, 1 << 30) }) > 0 {}
                try copyAttributes(from.raw, to.raw)
            case S_IFLNK:
                var text = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
                try Errno.check("readlink \(name)", readlinkat(source, name, &text, Int(PATH_MAX)))
                try Errno.check("symlink \(name)", symlinkat(text, destination, name))
                try Errno.check("chown \(name)", fchownat(destination, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW))
            default:
                try Errno.check("mknod \(name)", mknodat(destination, name, status.st_mode, status.st_rdev))
                try Errno.check("chown \(name)", fchownat(destination, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW))
            }
        }
    }

    private static func open(_ folder: Int32, _ name: String, _ flags: Int32) throws(Errno) -> OwnedFD {
        OwnedFD(adopting: try Errno.check("open \(name)", openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC, 0o600)))
    }

    private static func copyAttributes(_ source: Int32, _ destination: Int32) throws(Errno) {
        var status = stat()
        try Errno.check("stat", fstat(source, &status))
        try Errno.check("chown", fchown(destination, status.st_uid, status.st_gid))
        try Errno.check("chmod", fchmod(destination, status.st_mode & 0o7777))
        var times = [status.st_atim, status.st_mtim]
        try Errno.check("utimens", futimens(destination, &times))
    }
}
