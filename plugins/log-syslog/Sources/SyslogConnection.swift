import DriverKit
import Glibc

/// A connected socket to a syslog server. Connecting and sending take two seconds at most.
final class SyslogConnection {
    private let descriptor: Int32

    init(_ address: SyslogOptions.Address) throws(DriverError) {
        switch address {
        case .datagram(let path): descriptor = try Self.local(path, SOCK_DGRAM)
        case .udp(let host, let port): descriptor = try Self.remote(host, port, SOCK_DGRAM)
        case .tcp(let host, let port): descriptor = try Self.remote(host, port, SOCK_STREAM)
        case .stream(let path):
            do { descriptor = try Self.local(path, SOCK_STREAM) } catch {
                // Most local servers listen for datagrams.
                guard error.code == EPROTOTYPE else { throw error }
                descriptor = try Self.local(path, SOCK_DGRAM)
            }
        }
    }

    deinit { close(descriptor) }

    /// The whole message. False: the server is gone, or does not read.
    func send(_ message: [UInt8]) -> Bool {
        var rest = message[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func local(_ path: String, _ type: __socket_type) throws(DriverError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let descriptor = try open(AF_UNIX, type, path)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        if result != 0 { throw failure(path, descriptor) }
        return descriptor
    }

    private static func remote(_ host: String, _ port: String, _ type: __socket_type) throws(DriverError) -> Int32 {
        var hints = addrinfo(), list: UnsafeMutablePointer<addrinfo>?
        hints.ai_socktype = Int32(type.rawValue)
        let code = getaddrinfo(host, port, &hints, &list)
        guard code == 0, let list else { throw DriverError(EHOSTUNREACH, "the syslog server \(host) is unknown: \(String(cString: gai_strerror(code)))") }
        defer { freeaddrinfo(list) }
        var last = DriverError(EHOSTUNREACH, "the syslog server \(host):\(port) has no address")
        var next: UnsafeMutablePointer<addrinfo>? = list
        while let entry = next {
            let descriptor = try open(entry.pointee.ai_family, type, host)
            if connect(descriptor, entry.pointee.ai_addr, entry.pointee.ai_addrlen) == 0 { return descriptor }
            last = failure("\(host):\(port)", descriptor)
            next = entry.pointee.ai_next
        }
        throw last
    }

    private static func open(_ family: Int32, _ type: __socket_type, _ name: String) throws(DriverError) -> Int32 {
        let descriptor = socket(family, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw DriverError(errno, "no socket for the syslog server \(name): \(String(cString: strerror(errno)))") }
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        return descriptor
    }

    private static func failure(_ name: String, _ descriptor: Int32) -> DriverError {
        let code = errno
        close(descriptor)
        return DriverError(code, "the syslog server \(name) can't be reached: \(String(cString: strerror(code)))")
    }
}
