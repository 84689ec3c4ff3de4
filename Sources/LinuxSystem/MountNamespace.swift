import CLinux
import Glibc

/// Mounts that only the calling thread sees. For a thread of its own (`OwnThread`): its view of the file system never
/// comes back.
public enum MountNamespace {
    /// Gives the calling thread a mount namespace from which nothing spreads to others.
    public static func enterPrivate() throws(Errno) {
        try Errno.check("unshare", unshare(CLONE_NEWNS))
        if CLinux.mount("none", "/", nil, UInt(MS_REC | MS_PRIVATE), nil) != 0 {
            throw Errno(Glibc.errno, "make mounts private")
        }
    }

    /// mount(2); a relative source or option starts from the calling thread's working folder. Flags of a bind, such as
    /// `MS_RDONLY`, count too.
    public static func mount(_ source: String, at target: String, type: String, flags: UInt64, options: String) throws(Errno) {
        if CLinux.mount(source, target, type, UInt(flags), options) != 0 { throw Errno(Glibc.errno, "mount \(type) \(source)") }
        // The kernel looks at a bind's other flags only when it is changed afterwards.
        guard flags & UInt64(MS_BIND) != 0, flags & UInt64(MS_RDONLY) != 0 else { return }
        if CLinux.mount("none", target, nil, UInt(flags) | UInt(MS_REMOUNT), nil) != 0 {
            let code = Glibc.errno
            unmount(target)
            throw Errno(code, "mount \(type) \(source) read-only")
        }
    }

    /// The topmost mount at `target`; what holds it keeps it a while.
    public static func unmount(_ target: String) {
        umount2(target, Int32(MNT_DETACH))
    }
}
