public import DriverKit
import Glibc
public import LinuxSystem

/// What a tree takes on disk: blocks and inodes, each inode once, without the root folder itself.
public enum TreeUsage {
    private struct Inode: Hashable { var device: dev_t, number: ino_t }
    private struct Tally {
        var usage = Usage(bytes: 0, inodes: 0)
        var linked: Set<Inode> = []
    }

    /// Folders open at once, and with it the depth that counts. Whoever nests deeper hides his files from this figure
    /// but can't take the process's descriptors or stack.
    private static let limit = 512

    /// - Parameter base: what looks the same there (kind, size, time of change, owner, permissions) is not counted.
    public static func measure(_ path: String, without base: String? = nil) throws(Errno) -> Usage {
        let root = try Files.open(path, O_RDONLY | O_DIRECTORY)
        var tally = Tally()
        var other: Int32 = -1
        if let base { other = try Files.open(base, O_RDONLY | O_DIRECTORY).take() }
        visit(root.take(), other, depth: 0, &tally)
        return tally.usage
    }

    /// Takes the descriptors; `base` may be -1. What vanishes meanwhile (a running container removes files) counts
    /// nothing.
    private static func visit(_ descriptor: Int32, _ base: Int32, depth: Int, _ tally: inout Tally) {
        defer { if base >= 0 { close(base) } }
        guard let folder = fdopendir(descriptor) else {
            close(descriptor)
            return
        }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            var status = stat()
            guard fstatat(dirfd(folder), name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            if !isKnown(name, status, base) { add(status, &tally) }
            guard isFolder, depth < limit else { continue }
            let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
            let child = openat(dirfd(folder), name, flags)
            if child >= 0 { visit(child, base >= 0 ? openat(base, name, flags) : -1, depth: depth + 1, &tally) }
        }
    }

    /// A folder that only got other entries is the old one.
    private static func isKnown(_ name: String, _ status: stat, _ base: Int32) -> Bool {
        var old = stat()
        guard base >= 0, fstatat(base, name, &old, AT_SYMLINK_NOFOLLOW) == 0 else { return false }
        guard old.st_mode == status.st_mode && old.st_uid == status.st_uid && old.st_gid == status.st_gid else { return false }
        if status.st_mode & S_IFMT == S_IFDIR { return true }
        return old.st_size == status.st_size && old.st_rdev == status.st_rdev && old.st_mtim.tv_sec == status.st_mtim.tv_sec
            && old.st_mtim.tv_nsec == status.st_mtim.tv_nsec
    }

    private static func add(_ status: stat, _ tally: inout Tally) {
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        if !isFolder && status.st_nlink > 1 {
            guard tally.linked.insert(Inode(device: status.st_dev, number: status.st_ino)).inserted else { return }
        }
        tally.usage.bytes += Int64(status.st_blocks) * 512
        tally.usage.inodes += 1
    }
}
