import EngineErrors
import Glibc
import LinuxSystem

/// A TCP socket with its address, and nobody can connect yet: whoever starts a daemon hears that a port is taken before
/// anything else happens.
enum TCPListener {
    static func open(_ host: String, _ port: Int) throws(EngineError) -> Int32 {
        var hints = addrinfo(), found: UnsafeMutablePointer<addrinfo>?
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        let code = getaddrinfo(host, "\(port)", &hints, &found)
        guard code == 0, let address = found?.pointee else { throw failure(host, port, "\"\(host)\" is no address of this host: \(String(cString: gai_strerror(code)))") }
        defer { freeaddrinfo(found) }
        do throws(Errno) { return try bind(address) } catch {
            let reason = error.code == EADDRINUSE ? "another process listens there; stop it or choose another address" : "\(error)"
            throw failure(host, port, reason, error.code)
        }
    }

    private static func bind(_ address: addrinfo) throws(Errno) -> Int32 {
        let descriptor = try Errno.check(socket(address.ai_family, address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), address.ai_protocol))
        var on: Int32 = 1
        // Its connections have the last two from it.
        for (level, option) in [(SOL_SOCKET, SO_REUSEADDR), (SOL_SOCKET, SO_KEEPALIVE), (Int32(IPPROTO_TCP), TCP_NODELAY)] { setsockopt(descriptor, level, option, &on, 4) }
        guard Glibc.bind(descriptor, address.ai_addr, address.ai_addrlen) == 0 else {
            let code = errno
            close(descriptor)
            throw Errno(code)
        }
        return descriptor
    }

    private static func failure(_ host: String, _ port: Int, _ reason: String, _ code: Int32? = nil) -> EngineError {
        EngineError(.unavailable, "can't listen on tcp://\(host.contains(":") ? "[\(host)]" : host):\(port): \(reason)", errno: code)
    }
}
