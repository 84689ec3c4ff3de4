import CLinux
import Glibc

/// Owner, permissions, extended attributes and times, brought over in the order in which none undoes another: a new
/// owner clears set-id bits and capabilities.
enum FileAttributes {
    /// To the open folder itself.
    static let itself: [CChar] = [0x2e, 0]

    /// From the entry `name` of one open folder to that of another; of symbolic links, the links' own. What is right
    /// already is not touched.
    /// - Parameter prefix: extended attributes whose names begin so stay behind.
    static func bring(_ name: [CChar], _ wanted: stat, from source: Int32, to target: Int32, leaving prefix: String? = nil) throws(Errno) {
        var now = stat()
        if fstatat(target, name, &now, AT_SYMLINK_NOFOLLOW) != 0 { throw Errno(Glibc.errno, "stat") }
        if now.st_uid != wanted.st_uid || now.st_gid != wanted.st_gid {
            if fchownat(target, name, wanted.st_uid, wanted.st_gid, AT_SYMLINK_NOFOLLOW) != 0 { throw Errno(Glibc.errno, "chown") }
            if fstatat(target, name, &now, AT_SYMLINK_NOFOLLOW) != 0 { throw Errno(Glibc.errno, "stat") }
        }
        // A link has no permissions of its own.
        if wanted.kind != S_IFLNK && now.st_mode != wanted.st_mode && fchmodat(target, name, wanted.permissions, 0) != 0 {
            throw Errno(Glibc.errno, "chmod")
        }
        var attributes = try AttributeSet(name, in: source)
        if let prefix { attributes.drop(prefix) }
        try attributes.apply(to: name, in: target, had: try AttributeSet(name, in: target))
        if wanted.hasSameTime(as: now) { return }
        var times = [wanted.st_atim, wanted.st_mtim]
        if utimensat(target, name, &times, AT_SYMLINK_NOFOLLOW) != 0 { throw Errno(Glibc.errno, "set the times") }
    }
}

/// A folder's own attributes.
public enum FolderAttributes {
    /// From one open folder to another: owner, permissions, extended attributes and times. What an overlay file system
    /// notes about a folder for itself stays behind.
    public static func bring(from source: Int32, to target: Int32) throws(Errno) {
        var status = stat()
        try Errno.check("stat", fstat(source, &status))
        try FileAttributes.bring(FileAttributes.itself, status, from: source, to: target, leaving: "trusted.overlay.")
    }
}
