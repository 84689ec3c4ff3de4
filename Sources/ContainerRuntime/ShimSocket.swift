import CLinux
import Glibc
import LinuxSystem
import ShimProtocol

/// The unix socket `shim.sock` in a container's folder, whatever the length of the folder's path.
enum ShimSocket {
    static let name = "shim.sock"

    static func listen(in folder: String) throws(Errno) -> OwnedFD {
        unlink("\(folder)/\(name)")
        let socket = try make()
        try withAddress(folder) { address, length in
            Glibc.bind(socket.raw, address, length)
        }
        try Errno.check("listen on \(folder)/\(name)", Glibc.listen(socket.raw, 1024))
        return socket
    }

    /// At once. EAGAIN: so many connections wait for the shim that there is no room for another one.
    static func connect(in folder: String) throws(Errno) -> OwnedFD {
        let socket = try make(SOCK_NONBLOCK.rawValue)
        try withAddress(folder) { address, length in Glibc.connect(socket.raw, address, length) }
        _ = fcntl(socket.raw, F_SETFL, fcntl(socket.raw, F_GETFL) & ~O_NONBLOCK)
        return socket
    }

    /// Two connected sockets.
    static func pair() throws(Errno) -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        try Errno.check("socketpair", socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends))
        return (ends[0], ends[1])
    }

    private static func make(_ flags: UInt32 = 0) throws(Errno) -> OwnedFD {
        OwnedFD(adopting: try Errno.check("socket", socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | flags), 0)))
    }

    /// An address has room for 107 bytes only; a descriptor's name in /proc is always short enough.
    private static func withAddress(_ folder: String, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) throws(Errno) {
        let directory = try Files.open(folder, O_PATH | O_DIRECTORY)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array("/proc/self/fd/\(directory.raw)/\(name)".utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        try Errno.check("\(folder)/\(name)", result)
    }
}
