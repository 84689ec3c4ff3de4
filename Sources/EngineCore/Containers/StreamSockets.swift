import CLinux
import Glibc
import LinuxSystem

/// Connected pairs of stream sockets.
enum StreamSockets {
    static func pair() throws(Errno) -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        try Errno.check("socketpair", socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends))
        return (ends[0], ends[1])
    }

    /// The other end is closed.
    static func isLeft(_ descriptor: Int32) -> Bool {
        var state = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&state, 1, 0) > 0
    }

    static func close(_ descriptor: Int32) { Glibc.close(descriptor) }
}
