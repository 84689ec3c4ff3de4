import CLinux
import EngineModel
import Glibc
import LinuxSystem

/// Holds a port of the host with a socket that is bound and never listens: the packet filter redirects what arrives,
/// and no other program can take the port meanwhile.
enum PortReservation {
    /// nil: the kernel has no such protocol, and so nothing else can use the port.
    /// - Throws: EADDRINUSE, EADDRNOTAVAIL.
    static func take(_ key: PortKey) throws(Errno) -> OwnedFD? {
        switch key.port.transport {
        case .tcp: try takeStream(key)
        case .udp: try bound(key, Int32(SOCK_DGRAM.rawValue), 0)
        case .sctp: try takeSCTP(key)
        }
    }

    private static func takeStream(_ key: PortKey) throws(Errno) -> OwnedFD {
        do { return try bound(key, Int32(SOCK_STREAM.rawValue), 0) } catch {
            guard error.code == EADDRINUSE else { throw error }
        }
        return try takeAfterTimeWait(key)
    }

    /// Connections in TIME_WAIT hold a port only against sockets without SO_REUSEADDR. With it, though, the kernel may
    /// let two owners in; `listen` is where it really looks, and shutting down ends the listening but not the binding.
    private static func takeAfterTimeWait(_ key: PortKey) throws(Errno) -> OwnedFD {
        let file = try bound(key, Int32(SOCK_STREAM.rawValue), 0, reuse: true)
        try Errno.check("listen on \(key.address):\(key.port)", listen(file.raw, 1))
        try Errno.check("stop listening on \(key.address):\(key.port)", shutdown(file.raw, Int32(SHUT_RD)))
        var off: Int32 = 0
        setsockopt(file.raw, SOL_SOCKET, SO_REUSEADDR, &off, 4)
        return file
    }

    private static func takeSCTP(_ key: PortKey) throws(Errno) -> OwnedFD? {
        do { return try bound(key, Int32(SOCK_SEQPACKET.rawValue), Int32(IPPROTO_SCTP)) } catch {
            if error.code == EPROTONOSUPPORT || error.code == ESOCKTNOSUPPORT { return nil }
            throw error
        }
    }

    private static func bound(_ key: PortKey, _ type: Int32, _ transport: Int32, reuse: Bool = false) throws(Errno) -> OwnedFD {
        let name = "\(key.address):\(key.port)"
        let file = OwnedFD(adopting: try Errno.check("open a socket for \(name)", socket(AF_INET, type | Int32(SOCK_CLOEXEC.rawValue), transport)))
        if reuse {
            var on: Int32 = 1
            setsockopt(file.raw, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = key.port.number.bigEndian
        guard inet_pton(AF_INET, key.address, &address.sin_addr) == 1 else { throw Errno(EINVAL, "bind \(name)") }
        let descriptor = file.raw
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        try Errno.check("bind \(name)", result)
        return file
    }
}
