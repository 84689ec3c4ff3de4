import DriverKit
import Glibc
import LinuxSystem

/// Whether layers can live in a folder. Better said once at open than by mount(2) for each container.
enum FileSystemCheck {
    static func run(_ state: String) throws {
        let probe = "\(state)/probe"
        rmdir(probe)
        try Files.makeDirectory(probe)
        defer { rmdir(probe) }
        do {
            let folder = try Files.open(probe, O_RDONLY | O_DIRECTORY)
            try ExtendedAttributes.set(folder.raw, "trusted.overlay.opaque", "y")
        } catch {
            throw DriverError(
                error.code, "\(state) can't hold overlay layers, its file system refuses trusted extended attributes; put the data root on ext4, xfs or btrfs")
        }
        let whiteout = "\(probe)/whiteout"
        guard mknod(whiteout, S_IFCHR, 0) == 0 else {
            throw DriverError(errno, "\(state) can't hold overlay layers, its file system refuses whiteouts (character device 0:0); put the data root on ext4, xfs or btrfs")
        }
        unlink(whiteout)
    }
}
