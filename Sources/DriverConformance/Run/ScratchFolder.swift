import CLinux
import Glibc
import LinuxSystem

/// Where the checks' folders are.
struct ScratchFolder {
    let path: String

    /// - Parameter place: a folder; nil: one on disk.
    init(in place: String?) throws {
        var template = Array("\(place ?? "/var/tmp")/gantry-verify-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(errno, "make a folder in \(place ?? "/var/tmp")") }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    func remove() { Self.empty(path) }

    /// Whatever a driver left: read-only subvolumes of btrfs too.
    static func empty(_ path: String) {
        do throws(Errno) { try Files.removeTree(path) } catch {
            openUp(path, depth: 0)
            try? Files.removeTree(path)
        }
    }

    private static func openUp(_ path: String, depth: Int) {
        var status = stat()
        guard depth < 8, lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
        if status.st_ino == 256, let folder = try? Files.open(path, O_RDONLY | O_DIRECTORY) { _ = gantry_btrfs_set_read_only(folder.raw, 0) }
        for name in (try? Files.list(path)) ?? [] { openUp("\(path)/\(name)", depth: depth + 1) }
    }
}
