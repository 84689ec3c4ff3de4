import CLinux
import Glibc
import LinuxSystem
import Snapshots

/// Trees as subvolumes: a child is a snapshot of its parent, a committed one is read-only.
struct Subvolumes: TreeMaker {
    /// Of each subvolume's root folder.
    private static let rootInode: ino_t = 256

    func make(_ path: String, from parent: String?) throws {
        let place = Place(path)
        let folder = try place.open()
        if let parent {
            let source = try Files.open(parent, O_RDONLY | O_DIRECTORY)
            try Errno.check("snapshot \(parent) as \(path)", gantry_btrfs_snapshot(folder.raw, place.name, source.raw))
        } else {
            try Errno.check("make the subvolume \(path)", gantry_btrfs_create(folder.raw, place.name))
            try FailPoint.before("btrfs.permissions")
            try RootFolder.openToAll(path)
        }
    }

    func seal(_ path: String) throws {
        let tree = try Files.open(path, O_RDONLY | O_DIRECTORY)
        try Errno.check("make \(path) read-only", gantry_btrfs_set_read_only(tree.raw, 1))
        try FailPoint.before("btrfs.seal.sync")
        try FileSystem.sync(tree.raw)
    }

    func unseal(_ path: String) throws {
        let tree = try Files.open(path, O_RDONLY | O_DIRECTORY)
        try Errno.check("make \(path) writable", gantry_btrfs_set_read_only(tree.raw, 0))
    }

    func remove(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw Errno(errno, "stat \(path)")
        }
        // A view's folder is a plain one.
        if status.st_ino == Self.rootInode {
            let place = Place(path)
            let folder = try place.open()
            if gantry_btrfs_destroy(folder.raw, place.name) == 0 { return }
            guard errno == ENOTEMPTY else { throw Errno(errno, "destroy the subvolume \(path)") }
            try openUp(path)
        }
        try Files.removeTree(path)
    }

    /// Whoever may make a folder in a container may make subvolumes there, read-only ones too. Writable, they go as
    /// folders do.
    private func openUp(_ path: String) throws(Errno) {
        let tree = try Files.open(path, O_RDONLY | O_DIRECTORY)
        try TreeWalk.folders(tree.raw) { folder, inode throws(Errno) in
            guard inode == Self.rootInode else { return }
            try Errno.check("make a subvolume in \(path) writable", gantry_btrfs_set_read_only(folder, 0))
        }
    }

    func cancel() {}
}

/// A name in a folder, as the calls on subvolumes want it.
private struct Place {
    let folder, name: String

    init(_ path: String) {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        folder = String(path[..<slash])
        name = String(path[slash...].dropFirst())
    }

    func open() throws(Errno) -> OwnedFD { try Files.open(folder, O_RDONLY | O_DIRECTORY) }
}
