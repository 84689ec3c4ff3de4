import DriverKit
import Glibc
import LinuxSystem

/// What a tree takes on disk: blocks and inodes, each inode once, without the root folder itself.
enum TreeUsage {
    private struct Inode: Hashable { var device: dev_t, number: ino_t }
    private struct Tally {
        var usage = Usage(bytes: 0, inodes: 0)
        var linked: Set<Inode> = []
    }

    /// Folders open at once, and with it the depth that counts. Whoever nests deeper hides his files from this figure
    /// but can't take the process's descriptors or stack.
    private static let limit = 512

    static func measure(_ path: String) throws -> Usage {
        let root = try Files.open(path, O_RDONLY | O_DIRECTORY)
        var tally = Tally()
        visit(root.take(), depth: 0, &tally)
        return tally.usage
    }

    /// Takes `descriptor`. What vanishes meanwhile (a running container removes files) counts nothing.
    private static func visit(_ descriptor: Int32, depth: Int, _ tally: inout Tally) {
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
            add(status, &tally)
            guard status.st_mode & S_IFMT == S_IFDIR, depth < limit else { continue }
            let child = openat(dirfd(folder), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            if child >= 0 { visit(child, depth: depth + 1, &tally) }
        }
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
