import DriverKit
import Glibc
import LinuxSystem

/// What a driver's mounts show, in this process's own mount namespace.
enum MountedTree {
    static func inside<R>(_ mounts: [Mount], at point: String, _ bench: Bench, _ body: (String) throws -> R) throws -> R {
        try Files.makeDirectories(point)
        try demand(!mounts.isEmpty, "the driver gave no mounts")
        var made: [String] = []
        defer {
            chdir("/")
            for target in made.reversed() where umount2(target, 0) != 0 { MountNamespace.unmount(target) }
        }
        for mount in mounts {
            let target = mount.target == "/" ? point : "\(point)\(mount.target)"
            bench.step("mount(2) of \(mount.type) \(mount.source) \(mount.options.prefix(60))")
            if !mount.base.isEmpty { try Errno.check("enter the mount's base \(mount.base)", chdir(mount.base)) }
            do { try MountNamespace.mount(mount.source, at: target, type: mount.type, flags: mount.flags, options: mount.options) } catch {
                throw Outcome.failed("the kernel refused the mount \(mount): \(error)")
            }
            made.append(target)
        }
        chdir("/")
        return try body(point)
    }
}
