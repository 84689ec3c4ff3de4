import CLinux
import Glibc

/// Whether two trees hold the same: names, kinds, contents, owners, permissions, extended attributes, sizes and times
/// of files, and which names are one file. Times of folders are left out: a folder that an archive doesn't describe
/// has the time at which it was unpacked. Blocks; for one thread, and trees that nobody changes.
public final class TreeComparison {
    private let one, other: TreeCursor
    private var folders: [[[CChar]]] = []
    /// Files with several names: which is which.
    private var partners: [FileIdentity: FileIdentity] = [:]
    private var owners: [FileIdentity: FileIdentity] = [:]
    private var files = FileComparison()

    private init(_ one: Int32, _ other: Int32) throws(Errno) {
        self.one = try TreeCursor(one)
        self.other = try TreeCursor(other)
    }

    /// - Parameters: open folders, borrowed.
    /// - Returns: the first difference, a phrase with its path ("/etc/passwd: other contents"); nil: none.
    public static func difference(_ one: Int32, _ other: Int32) throws(Errno) -> String? {
        try TreeComparison(one, other).run()
    }

    private func run() throws(Errno) -> String? {
        if let found = try compareFolders() { return found }
        while !folders.isEmpty {
            guard let name = folders[folders.count - 1].popLast() else {
                folders.removeLast()
                if folders.isEmpty { break }
                try one.leave()
                try other.leave()
                continue
            }
            if let what = try compare(name) { return "\(one.place(name)): \(what)" }
            if try one.status(name).isFolder {
                try one.enter(name)
                try other.enter(name)
                if let found = try compareFolders() { return found }
            }
        }
        return nil
    }

    /// Those in which both stand; then their entries are due.
    private func compareFolders() throws(Errno) -> String? {
        let names = try FolderNames.list(one.raw), others = Set(try FolderNames.list(other.raw))
        if let missing = names.first(where: { !others.contains($0) }) { return "\(one.place(missing)): missing" }
        if names.count != others.count, let extra = others.subtracting(names).first { return "\(one.place(extra)): too much" }
        var status = (stat(), stat())
        if fstat(one.raw, &status.0) != 0 || fstat(other.raw, &status.1) != 0 { throw Errno(Glibc.errno, "stat \(one.place())") }
        if !status.0.hasSameRights(as: status.1) { return "\(one.place()): other owner or permissions" }
        if try AttributeSet(FileAttributes.itself, in: one.raw) != AttributeSet(FileAttributes.itself, in: other.raw) { return "\(one.place()): other extended attributes" }
        folders.append(names)
        return nil
    }

    private func compare(_ name: [CChar]) throws(Errno) -> String? {
        let a = try one.status(name), b = try other.status(name)
        if a.kind != b.kind { return "another kind of file" }
        if a.isFolder { return nil }
        if !a.hasSameRights(as: b) { return "other owner or permissions" }
        if !areSameLinks(a, b) { return "other hard links" }
        if try AttributeSet(name, in: one.raw) != AttributeSet(name, in: other.raw) { return "other extended attributes" }
        switch a.kind {
        case S_IFREG: return try compareFiles(name, a, b)
        case S_IFLNK: return try SymbolicLink.text(name, in: one.raw) == SymbolicLink.text(name, in: other.raw) ? nil : "another target"
        case S_IFCHR, S_IFBLK: return a.st_rdev == b.st_rdev ? nil : "another device"
        default: return nil
        }
    }

    private func areSameLinks(_ a: stat, _ b: stat) -> Bool {
        if a.st_nlink < 2 && b.st_nlink < 2 { return true }
        let a = FileIdentity(a), b = FileIdentity(b)
        let partner = partners[a], owner = owners[b]
        if partner == nil && owner == nil {
            partners[a] = b
            owners[b] = a
            return true
        }
        return partner == b && owner == a
    }

    private func compareFiles(_ name: [CChar], _ a: stat, _ b: stat) throws(Errno) -> String? {
        if a.st_size != b.st_size { return "another size" }
        if !a.hasSameTime(as: b) { return "another time of change" }
        return try files.areEqual(name, in: one.raw, other.raw, Int64(a.st_size)) ? nil : "other contents"
    }
}
