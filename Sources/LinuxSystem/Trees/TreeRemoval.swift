import CLinux
import Glibc

/// Removes trees without following symbolic links, and without the files of what is mounted in them: EBUSY. Never deeper
/// on the stack than `limit`, however deep a container nested its folders: what lies deeper is first moved up.
public enum TreeRemoval {
    private static let limit = 48

    /// Removes `name` in the open folder `parent`. Missing is fine. `path` is for the error.
    public static func remove(_ name: UnsafePointer<CChar>, in parent: Int32, path: @autoclosure () -> String) throws(Errno) {
        if unlinkat(parent, name, 0) == 0 { return }
        let code = Glibc.errno
        if code == ENOENT { return }
        guard code == EISDIR || code == EPERM else { throw Errno(code, "remove \(path())") }
        var moved = 0
        do {
            let top = try open(name, in: parent, code)
            repeat {
                moved = 0
                try empty(top.raw, top: top.raw, depth: 0, moved: &moved)
            } while moved > 0
        } catch {
            throw Errno(error.code, "remove \(path())")
        }
        if unlinkat(parent, name, AT_REMOVEDIR) != 0 && Glibc.errno != ENOENT { throw Errno(Glibc.errno, "remove \(path())") }
    }

    private static func empty(_ folder: Int32, top: Int32, depth: Int, moved: inout Int) throws(Errno) {
        let names = try FolderNames.list(folder)
        for name in names {
            if unlinkat(folder, name, 0) == 0 || Glibc.errno == ENOENT { continue }
            let code = Glibc.errno
            guard code == EISDIR || code == EPERM else { throw Errno(code) }
            if unlinkat(folder, name, AT_REMOVEDIR) == 0 || Glibc.errno == ENOENT { continue }
            if depth >= limit {
                try moveUp(name, folder, top, &moved)
                continue
            }
            let child = try open(name, in: folder, code)
            try empty(child.raw, top: top, depth: depth + 1, moved: &moved)
            try Errno.check(unlinkat(folder, name, AT_REMOVEDIR))
        }
    }

    /// - Parameter code: why it could not be removed as a file.
    private static func open(_ name: UnsafePointer<CChar>, in folder: Int32, _ code: Int32) throws(Errno) -> OwnedFD {
        let descriptor = gantry_openat2(folder, name, UInt64(O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), 0, UInt64(RESOLVE_NO_XDEV))
        if descriptor >= 0 { return OwnedFD(adopting: descriptor) }
        switch Glibc.errno {
        case ENOTDIR: throw Errno(code)
        case EXDEV: throw Errno(EBUSY)
        default: throw Errno(Glibc.errno)
        }
    }

    /// Gives the folder a free name at the top of the tree; the next round removes it.
    private static func moveUp(_ name: [CChar], _ folder: Int32, _ top: Int32, _ moved: inout Int) throws(Errno) {
        while true {
            moved += 1
            if gantry_rename_new(folder, name, top, ".deep-\(moved)") == 0 { return }
            if Glibc.errno != EEXIST { throw Errno(Glibc.errno) }
        }
    }
}
