import DriverKit
import Glibc
import LinuxSystem

/// What a folder takes on disk: blocks and inodes, each inode once, on its own file system only.
struct FolderUsage {
    private struct Inode: Hashable { var device: dev_t, number: ino_t }

    /// Folders open at once. Whoever nests deeper hides files from this figure but can't take the process's descriptors.
    private static let limit = 256

    private let device: dev_t
    private let isCancelled: () -> Bool
    private var usage = Usage(bytes: 0, inodes: 0)
    private var linked: Set<Inode> = []

    static func measure(_ path: String, isCancelled: @escaping () -> Bool) throws(DriverError) -> Usage {
        var status = stat()
        let folder = try failing("measure \(path)") { () throws(Errno) in
            let folder = try Files.open(path, O_RDONLY | O_DIRECTORY)
            try Errno.check(fstat(folder.raw, &status))
            return folder.take()
        }
        var tally = FolderUsage(device: status.st_dev, isCancelled: isCancelled)
        tally.add(status)
        try tally.visit(folder, depth: 0)
        return tally.usage
    }

    private init(device: dev_t, isCancelled: @escaping () -> Bool) {
        self.device = device
        self.isCancelled = isCancelled
    }

    /// Takes `descriptor`. What vanishes meanwhile counts nothing.
    private mutating func visit(_ descriptor: Int32, depth: Int) throws(DriverError) {
        guard let folder = fdopendir(descriptor) else {
            close(descriptor)
            return
        }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            if isCancelled() { throw DriverError(ECANCELED, "measuring was cancelled") }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1)) }
            }
            if name == [0x2e, 0] || name == [0x2e, 0x2e, 0] { continue }
            var status = stat()
            guard fstatat(dirfd(folder), name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_dev == device else { continue }
            add(status)
            guard status.st_mode & S_IFMT == S_IFDIR, depth < Self.limit else { continue }
            let child = openat(dirfd(folder), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            if child >= 0 { try visit(child, depth: depth + 1) }
        }
    }

    private mutating func add(_ status: stat) {
        if status.st_mode & S_IFMT != S_IFDIR && status.st_nlink > 1 {
            guard linked.insert(Inode(device: status.st_dev, number: status.st_ino)).inserted else { return }
        }
        usage.bytes += Int64(status.st_blocks) * 512
        usage.inodes += 1
    }
}
