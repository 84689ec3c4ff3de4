import CLinux
import DriverKit
import Glibc

/// Whether subvolumes can live in a folder.
enum FileSystemCheck {
    static func run(_ state: String) throws {
        var status = statfs()
        guard statfs(state, &status) == 0 else { throw DriverError(errno, "\(state) can't be looked at: \(String(cString: strerror(errno)))") }
        if UInt32(truncatingIfNeeded: status.f_type) == UInt32(BTRFS_SUPER_MAGIC) { return }
        throw DriverError(ENOTSUP, "\(state) is not on btrfs; put the data root on a btrfs file system, or mount one at that folder")
    }
}
