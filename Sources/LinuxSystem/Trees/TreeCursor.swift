import CLinux
import Glibc

/// A folder of a tree, changed one step at a time: one descriptor, however deep the tree is nested. For trees that
/// nobody else changes meanwhile.
final class TreeCursor {
    private static let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    /// The open folder, borrowed until the next step.
    private(set) var raw: Int32
    private var above: [FileIdentity] = []
    /// From the root to here, NUL-ended.
    private(set) var path: [[CChar]] = []

    /// Starts at the open folder `root`, borrowed for this call.
    init(_ root: Int32) throws(Errno) { raw = try Errno.check("open the root folder", openat(root, ".", Self.flags)) }

    deinit { close(raw) }

    /// Into a folder of this one, never through a symbolic link.
    func enter(_ name: [CChar]) throws(Errno) {
        let here = try FileIdentity(raw)
        let child = openat(raw, name, Self.flags)
        if child < 0 { throw Errno(Glibc.errno, "open \(place(name))") }
        close(raw)
        raw = child
        above.append(here)
        path.append(name)
    }

    func leave() throws(Errno) {
        let parent = openat(raw, "..", Self.flags)
        if parent < 0 { throw Errno(Glibc.errno, "leave \(place())") }
        close(raw)
        raw = parent
        path.removeLast()
        guard try FileIdentity(raw) == above.removeLast() else { throw Errno(ESTALE, "a folder was moved while its tree was read") }
    }

    func status(_ name: [CChar]) throws(Errno) -> stat {
        var result = stat()
        if fstatat(raw, name, &result, AT_SYMLINK_NOFOLLOW) != 0 { throw Errno(Glibc.errno, "stat \(place(name))") }
        return result
    }

    /// nil: no such entry.
    func statusIfPresent(_ name: [CChar]) throws(Errno) -> stat? {
        do throws(Errno) { return try status(name) } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
    }

    /// Seen from the tree's root, for messages.
    func place(_ name: [CChar]? = nil) -> String { "/" + (path + (name.map { [$0] } ?? [])).map(\.text).joined(separator: "/") }
}

/// What a hard link shares with its others.
struct FileIdentity: Hashable {
    var device: dev_t
    var inode: ino_t

    init(_ status: stat) {
        device = status.st_dev
        inode = status.st_ino
    }

    /// Of an open file.
    init(_ descriptor: Int32) throws(Errno) {
        var status = stat()
        if fstat(descriptor, &status) != 0 { throw Errno(Glibc.errno, "stat") }
        self.init(status)
    }
}

extension stat {
    var kind: mode_t { st_mode & S_IFMT }
    var isFolder: Bool { kind == S_IFDIR }
    var permissions: mode_t { st_mode & 0o7777 }

    /// Whether another entry has this owner and these permissions.
    func hasSameRights(as other: stat) -> Bool { st_uid == other.st_uid && st_gid == other.st_gid && st_mode == other.st_mode }

    func hasSameTime(as other: stat) -> Bool { st_mtim.tv_sec == other.st_mtim.tv_sec && st_mtim.tv_nsec == other.st_mtim.tv_nsec }
}
