import DriverKit
import Glibc
import LinuxSystem

extension Bench {
    /// Runs `body` with a driver's mounts at a folder. The mounts are this process's alone.
    func mounted<R>(_ mounts: [Mount], _ body: (String) throws -> R) throws -> R {
        let point = "\(folder)/mounted"
        try Files.makeDirectories(point)
        let home = try Files.open(".", O_RDONLY | O_DIRECTORY)
        defer { _ = fchdir(home.raw) }
        var done: [String] = []
        defer { for target in done.reversed() { MountNamespace.unmount(target) } }
        for mount in mounts {
            if !mount.base.isEmpty { try Errno.check("enter \(mount.base)", chdir(mount.base)) }
            let target = mount.target == "/" ? point : "\(point)\(mount.target)"
            try MountNamespace.mount(mount.source, at: target, type: mount.type, flags: mount.flags, options: mount.options)
            done.append(target)
        }
        return try body(point)
    }
}
