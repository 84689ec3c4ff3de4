import CLinux
import Glibc
public import LinuxSystem

/// The network namespace of the calling thread.
public enum NetworkNamespace {
    /// Runs `body` with the calling thread inside the namespace behind the descriptor, and puts the thread back
    /// whatever happens. The process ends when that is impossible: a thread of a pool in a container's network
    /// would work for others there.
    public static func enter<R>(_ namespace: Int32, _ body: () throws -> R) throws -> R {
        let home = try Files.open("/proc/thread-self/ns/net", O_RDONLY)
        let homeDescriptor = home.raw
        try Errno.check("enter the network namespace", setns(namespace, CLONE_NEWNET))
        defer {
            if setns(homeDescriptor, CLONE_NEWNET) != 0 { fatalError("this thread can't return to its network namespace: errno \(errno)") }
        }
        return try body()
    }

    /// A new, empty network namespace that lives as long as the descriptor (or a process in it).
    public static func create() throws(Errno) -> OwnedFD {
        let home = try Files.open("/proc/thread-self/ns/net", O_RDONLY)
        let homeDescriptor = home.raw
        try Errno.check("make a network namespace", unshare(CLONE_NEWNET))
        defer {
            if setns(homeDescriptor, CLONE_NEWNET) != 0 { fatalError("this thread can't return to its network namespace: errno \(errno)") }
        }
        return try Files.open("/proc/thread-self/ns/net", O_RDONLY)
    }

    /// Brings `lo` up inside the namespace.
    public static func bringLoopbackUp(_ namespace: Int32) throws {
        try enter(namespace) {
            var route = try RouteSocket()
            var up = LinkChange()
            up.isUp = true
            try route.perform([.change(.index(loopbackIndex), up)])
        }
    }

    /// `lo` is the first link of every namespace.
    public static let loopbackIndex: Int32 = 1
}
