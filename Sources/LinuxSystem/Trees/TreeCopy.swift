import CLinux
import Glibc

/// Makes one tree equal to another: names, kinds, contents with their holes, owners, permissions, times, extended
/// attributes, hard links, symbolic links, devices, fifos and sockets.
///
/// Entries of the target that look like their source (kind, size, time of change) keep their contents, and what is
/// right already is not touched, so that an overlay copies nothing up. Nobody else may change either tree meanwhile, but
/// for a target that is only added to.
/// Follows no symbolic link. Blocks; for one thread.
public final class TreeCopy {
    private let source: TreeCursor
    private let target: TreeCursor
    private let targetRoot: OwnedFD
    private var files: FileCopy
    private var folders: [Folder] = []
    private var links = LinkTable()
    private lazy var contents = FileComparison()

    /// A folder whose entries are being copied.
    private struct Folder {
        var status: stat
        /// Made by us, so nothing lies in it yet.
        var isNew: Bool
        /// Still to be done.
        var names: [[CChar]]
    }

    private let comparesContents: Bool
    private let onlyAdds: Bool

    private init(_ source: Int32, _ target: Int32, comparesContents: Bool, onlyAdds: Bool, _ isCancelled: @escaping () -> Bool) throws(Errno) {
        self.comparesContents = comparesContents
        self.onlyAdds = onlyAdds
        self.source = try TreeCursor(source)
        self.target = try TreeCursor(target)
        targetRoot = OwnedFD(adopting: try Errno.check("open the target", openat(target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)))
        files = FileCopy(isCancelled: isCancelled)
    }

    /// - Parameters:
    ///   - source: an open folder, borrowed. `target`: the open folder that becomes equal to it, borrowed.
    ///   - comparesContents: files of the same size and time are read before they are taken to be the same.
    ///   - onlyAdds: what the target has stays as it is, also what others put there meanwhile.
    ///   - isCancelled: asked now and then; when it says so, the copy ends with ECANCELED.
    /// - Throws: the first failure; the target then holds a part.
    public static func run(
        from source: Int32, to target: Int32, comparesContents: Bool = false, onlyAdds: Bool = false, isCancelled: @escaping () -> Bool = { false }
    ) throws(Errno) {
        let copy = try TreeCopy(source, target, comparesContents: comparesContents, onlyAdds: onlyAdds, isCancelled)
        try copy.run()
    }

    private func run() throws(Errno) {
        var root = stat()
        if fstat(source.raw, &root) != 0 { throw Errno(Glibc.errno, "stat the source") }
        try begin(root, isNew: false)
        while !folders.isEmpty {
            if files.isCancelled() { throw Errno(ECANCELED, "copy") }
            if let name = folders[folders.count - 1].names.popLast() { try copy(name) } else { try finish() }
        }
    }

    // MARK: folders

    /// Both cursors are in the folder.
    private func begin(_ status: stat, isNew: Bool) throws(Errno) {
        let names = try FolderNames.list(source.raw)
        let isEmpty: Bool
        if isNew { isEmpty = true } else if onlyAdds { isEmpty = false } else { isEmpty = try removeOthers(than: names) }
        folders.append(Folder(status: status, isNew: isEmpty, names: names))
    }

    /// - Returns: whether nothing is left in the target's folder.
    private func removeOthers(than names: [[CChar]]) throws(Errno) -> Bool {
        let wanted = Set(names)
        var isEmpty = true
        for name in try FolderNames.list(target.raw) {
            if wanted.contains(name) {
                isEmpty = false
            } else {
                try TreeRemoval.remove(name, in: target.raw, path: target.place(name))
            }
        }
        return isEmpty
    }

    private func finish() throws(Errno) {
        let folder = folders.removeLast()
        try FileAttributes.bring(FileAttributes.itself, folder.status, from: source.raw, to: target.raw)
        if folders.isEmpty { return }
        try source.leave()
        try target.leave()
    }

    private func enter(_ name: [CChar], _ status: stat, isNew: Bool) throws(Errno) {
        try source.enter(name)
        try target.enter(name)
        try begin(status, isNew: isNew)
    }

    // MARK: entries

    private func copy(_ name: [CChar]) throws(Errno) {
        do throws(Errno) { try bring(name) } catch {
            if onlyAdds && error.code == EEXIST { return }
            throw Errno(error.code, "copy \(source.place(name)): \(error.action)")
        }
    }

    private func bring(_ name: [CChar]) throws(Errno) {
        let status = try source.status(name)
        if !folders[folders.count - 1].isNew, let old = try target.statusIfPresent(name) {
            if onlyAdds { return }
            if status.isFolder && old.isFolder { return try enter(name, status, isNew: false) }
            if try looksSame(name, status, old), links.mayStay(status, old) {
                links.keep(status, old, at: target.path + [name])
                return try FileAttributes.bring(name, status, from: source.raw, to: target.raw)
            }
            try TreeRemoval.remove(name, in: target.raw, path: target.place(name))
        }
        if status.isFolder {
            if mkdirat(target.raw, name, 0o700) != 0 { throw Errno(Glibc.errno, "mkdir") }
            return try enter(name, status, isNew: true)
        }
        if let place = links.place(of: status) { return try link(place, as: name) }
        try make(name, status)
        if status.st_nlink > 1 { links.keep(status, try target.status(name), at: target.path + [name]) }
    }

    private func looksSame(_ name: [CChar], _ status: stat, _ old: stat) throws(Errno) -> Bool {
        guard status.kind == old.kind else { return false }
        switch status.kind {
        case S_IFREG:
            guard status.st_size == old.st_size && status.hasSameTime(as: old) else { return false }
            return comparesContents ? try contents.areEqual(name, in: source.raw, target.raw, Int64(status.st_size)) : true
        case S_IFLNK: return try SymbolicLink.text(name, in: source.raw) == SymbolicLink.text(name, in: target.raw)
        case S_IFCHR, S_IFBLK: return status.st_rdev == old.st_rdev
        default: return true
        }
    }

    private func make(_ name: [CChar], _ status: stat) throws(Errno) {
        switch status.kind {
        case S_IFREG: try makeFile(name, status)
        case S_IFLNK:
            if symlinkat(try SymbolicLink.text(name, in: source.raw), target.raw, name) != 0 { throw Errno(Glibc.errno, "make the link") }
        default:
            if mknodat(target.raw, name, status.kind | 0o600, status.st_rdev) != 0 { throw Errno(Glibc.errno, "make the node") }
        }
        try FileAttributes.bring(name, status, from: source.raw, to: target.raw)
    }

    private func makeFile(_ name: [CChar], _ status: stat) throws(Errno) {
        let from = OwnedFD(adopting: try Errno.check("open", openat(source.raw, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)))
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let to = OwnedFD(adopting: try Errno.check("create", openat(target.raw, name, flags, 0o600)))
        try files.run(from: from.raw, to: to.raw, status)
    }

    /// A path from the target's root may be longer than a system call takes.
    private func link(_ place: [[CChar]], as name: [CChar]) throws(Errno) {
        let folder = try TreeCursor(targetRoot.raw)
        for step in place.dropLast() { try folder.enter(step) }
        if linkat(folder.raw, place[place.count - 1], target.raw, name, 0) != 0 { throw Errno(Glibc.errno, "make the hard link") }
    }
}

enum SymbolicLink {
    /// NUL-ended.
    static func text(_ name: [CChar], in folder: Int32) throws(Errno) -> [CChar] {
        var text = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlinkat(folder, name, &text, Int(PATH_MAX))
        if count < 0 { throw Errno(Glibc.errno, "read the link") }
        return Array(text[..<count]) + [0]
    }
}
