import DriverKit
import EngineErrors
import Glibc
import LinuxSystem

/// A snapshot's mounts, made where nobody else sees them.
enum SnapshotMounts {
    /// On an `OwnThread` whose mount namespace is private. The caller unmounts, with `leave`.
    static func enter(_ mounts: [Mount], at point: String) throws(Errno) {
        for mount in mounts {
            if !mount.base.isEmpty { try Errno.check("enter \(mount.base)", chdir(mount.base)) }
            let target = mount.target == "/" ? point : "\(point)\(mount.target)"
            try MountNamespace.mount(mount.source, at: target, type: mount.type, flags: mount.flags, options: mount.options)
        }
    }

    /// Now, and not when the thread ends: the driver may look at its device before.
    static func leave(_ mounts: [Mount], at point: String) {
        for mount in mounts.reversed() { MountNamespace.unmount(mount.target == "/" ? point : "\(point)\(mount.target)") }
    }
}
