import CLinux
import Glibc

/// Which names of the source are one file, and where that file is in the target.
///
/// The count of links alone doesn't tell: an overlay shows that of the file below.
struct LinkTable {
    private struct Copy {
        var target: FileIdentity
        var place: [[CChar]]
    }
    private var copies: [FileIdentity: Copy] = [:]
    /// Files of the target that have an owner, so that no other name may keep them.
    private var owners: [FileIdentity: FileIdentity] = [:]

    /// Where the target has the file already.
    func place(of source: stat) -> [[CChar]]? { source.st_nlink > 1 ? copies[FileIdentity(source)]?.place : nil }

    /// Whether the target's entry `old` may go on being the copy of `source`.
    func mayStay(_ source: stat, _ old: stat) -> Bool {
        let owner = owners[FileIdentity(old)]
        if source.st_nlink > 1, let copy = copies[FileIdentity(source)] { return copy.target == FileIdentity(old) }
        return owner == nil
    }

    mutating func keep(_ source: stat, _ copy: stat, at place: [[CChar]]) {
        if source.st_nlink > 1 || copy.st_nlink > 1 { owners[FileIdentity(copy)] = FileIdentity(source) }
        guard source.st_nlink > 1, copies[FileIdentity(source)] == nil else { return }
        copies[FileIdentity(source)] = Copy(target: FileIdentity(copy), place: place)
    }
}
