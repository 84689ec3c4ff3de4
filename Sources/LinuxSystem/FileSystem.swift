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
        let done = OwnedFD(adopting: try Errno.check("eventfd", eventfd(0, Int32(EFD_CLOEXEC))))
        // A thread of the kernel is asked to commit. It does not hear while it is busy with the commit before, and sleeps
        // for 30 s then (seen on Linux 6.18), whereas syncfs commits itself, with all data.
        let impatience = try? JoinableThread("btrfs-commit") {
            var end = pollfd(fd: done.raw, events: Int16(POLLIN), revents: 0)
            if poll(&end, 1, 50) == 0 { syncfs(descriptor) }
        }
        let result = gantry_btrfs_commit(descriptor), code = Glibc.errno
        eventfd_write(done.raw, 1)
        impatience?.join()
        if result < 0 { throw Errno(code, "commit") }
        return result == 1
    }
}
