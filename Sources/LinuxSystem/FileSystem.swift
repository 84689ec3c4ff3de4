import CLinux
import Glibc

/// Whole file systems.
public enum FileSystem {
    /// Everything that was written to the file system of an open file is on disk when this returns.
    public static func sync(_ descriptor: Int32) throws(Errno) {
        if syncfs(descriptor) != 0 { throw Errno(Glibc.errno, "syncfs") }
    }

    /// Puts what names and folders were changed so far on disk, on btrfs, where the fsync of a file does not take earlier
    /// changes of others along as it does elsewhere.
    /// - Returns: it is a btrfs.
    public static func commit(_ descriptor: Int32) throws(Errno) -> Bool {
        var status = statfs()
        try Errno.check("fstatfs", fstatfs(descriptor, &status))
        guard UInt32(truncatingIfNeeded: status.f_type) == UInt32(BTRFS_SUPER_MAGIC) else { return false }
        let hasBegun = OwnedFD(adopting: try Errno.check("eventfd", eventfd(0, Int32(EFD_CLOEXEC))))
        // A thread of the kernel is asked to commit. It does not hear while it is busy with the commit before, and sleeps
        // for 30 s then (seen on Linux 6.18), whereas syncfs commits itself, with all data.
        let impatience = try? JoinableThread("btrfs-commit") {
            var begin = pollfd(fd: hasBegun.raw, events: Int16(POLLIN), revents: 0)
            if poll(&begin, 1, 50) == 0 { syncfs(descriptor) }
        }
        var transaction: UInt64 = 0
        let result = gantry_btrfs_start_commit(descriptor, &transaction), code = Glibc.errno
        eventfd_write(hasBegun.raw, 1)
        impatience?.join()
        if result < 0 { throw Errno(code, "commit") }
        try Errno.check("commit", gantry_btrfs_wait_for_commit(descriptor, transaction))
        return true
    }
}
