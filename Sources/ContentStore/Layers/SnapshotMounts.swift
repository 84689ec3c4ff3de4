import DriverKit
import EngineErrors
import Glibc
import LinuxSystem

/// A snapshot's mounts, made where nobody else sees them.
enum SnapshotMounts {
    /// Runs `body` on a thread in whose mount namespace the mounts are at the folder `point`. The namespace ends with the
    /// thread: nothing is left of the mounts after a crash.
    static func inside<R: Sendable>(_ mounts: [Mount], at point: String, _ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await inside([(mounts, point)], body)
    }

    /// The same for several snapshots, each at a folder of its own.
    static func inside<R: Sendable>(_ places: [(mounts: [Mount], point: String)], _ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await OwnThread.run {
            try MountNamespace.enterPrivate()
            defer { for place in places.reversed() { leave(place.mounts, at: place.point) } }
            for place in places { try enter(place.mounts, at: place.point) }
            return try body()
        }
    }

    private static func enter(_ mounts: [Mount], at point: String) throws(Errno) {
        for mount in mounts {
            if !mount.base.isEmpty { try Errno.check("enter \(mount.base)", chdir(mount.base)) }
            try MountNamespace.mount(mount.source, at: target(mount, point), type: mount.type, flags: mount.flags, options: mount.options)
        }
    }

    /// Now, and not when the thread ends: the driver may look at its device before.
    private static func leave(_ mounts: [Mount], at point: String) {
        for mount in mounts.reversed() { MountNamespace.unmount(target(mount, point)) }
    }

    private static func target(_ mount: Mount, _ point: String) -> String { mount.target == "/" ? point : "\(point)\(mount.target)" }
}
