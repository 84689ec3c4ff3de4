import CLinux
import Glibc

/// What a folder takes on disk: blocks and inodes, each inode once, as du(1) counts them.
/// Blocks that files share count for each of them.
public struct FolderSize: Sendable, Equatable {
    private struct Inode: Hashable { var device: dev_t, number: ino_t }

    /// Folders open at once. Whoever nests deeper hides files from this figure but can't take the process's descriptors.
    private static let limit = 256

    public private(set) var bytes: Int64 = 0
    public private(set) var inodes: Int64 = 0
    /// nil: any; a btrfs subvolume is a device of its own.
    private let device: dev_t?
    private var linked: Set<Inode> = []

    /// - Parameter oneDevice: other file systems that are mounted below do not count, and no subvolumes.
    /// - Throws: ECANCELED when `isCancelled` says so meanwhile. What vanishes counts nothing.
    public static func measure(_ path: String, oneDevice: Bool, isCancelled: () -> Bool = { false }) throws(Errno) -> FolderSize {
        var status = stat()
        let folder = try Files.open(path, O_RDONLY | O_DIRECTORY)
        try Errno.check("stat \(path)", fstat(folder.raw, &status))
        var tally = FolderSize(device: oneDevice ? status.st_dev : nil)
        tally.add(status)
        try tally.visit(folder.take(), depth: 0, isCancelled)
        return tally
    }

    private init(device: dev_t?) { self.device = device }

    /// Takes `descriptor`.
    private mutating func visit(_ descriptor: Int32, depth: Int, _ isCancelled: () -> Bool) throws(Errno) {
        guard let folder = fdopendir(descriptor) else {
            close(descriptor)
            return
        }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            if isCancelled() { throw Errno(ECANCELED, "measure") }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1)) }
            }
            if name == [0x2e, 0] || name == [0x2e, 0x2e, 0] { continue }
            var status = stat()
            guard fstatat(dirfd(folder), name, &status, AT_SYMLINK_NOFOLLOW) == 0, device == nil || status.st_dev == device else { continue }
            add(status)
            guard status.st_mode & S_IFMT == S_IFDIR, depth < Self.limit else { continue }
            let child = openat(dirfd(folder), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            if child >= 0 { try visit(child, depth: depth + 1, isCancelled) }
        }
    }

    private mutating func add(_ status: stat) {
        if status.st_mode & S_IFMT != S_IFDIR && status.st_nlink > 1 {
            guard linked.insert(Inode(device: status.st_dev, number: status.st_ino)).inserted else { return }
        }
        bytes += Int64(status.st_blocks) * 512
        inodes += 1
    }
}
