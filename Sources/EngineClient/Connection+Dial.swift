import Glibc

extension Connection {
    /// - Throws: `.unreachable` when nobody listens, `.connection` for anything else.
    static func dial(_ endpoint: Endpoint) throws(EngineFailure) -> Connection {
        switch endpoint.address {
        case .unix(let path):
            return Connection(adopting: try dial(path: path, endpoint))
        case .tcp(let host, let port):
            let descriptor = try dial(host, port, endpoint)
            guard let security = endpoint.security else { return Connection(adopting: descriptor) }
            return Connection(adopting: try SecureChannel.open(over: descriptor, server: host, security, endpoint))
        }
    }

    private static func dial(path: String, _ endpoint: Endpoint) throws(EngineFailure) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard path.utf8.count < room.count else { return false }
            room.copyBytes(from: path.utf8)
            return true
        }
        guard fits else { throw .endpoint("the path of the socket \(path) is longer than 107 bytes") }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard status == 0 else { throw failure(errno, endpoint, descriptor) }
        return descriptor
    }

    private static func dial(_ host: String, _ port: UInt16, _ endpoint: Endpoint) throws(EngineFailure) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &found)
        guard status == 0 else { throw .connection(endpoint: endpoint.description, reason: String(cString: gai_strerror(status))) }
        defer { freeaddrinfo(found) }
        var code = ECONNREFUSED
        var next = found
        while let entry = next?.pointee {
            next = entry.ai_next
            let descriptor = socket(entry.ai_family, entry.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
            if descriptor >= 0, connect(descriptor, entry.ai_addr, entry.ai_addrlen) == 0 {
                var on: Int32 = 1
                setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
                return descriptor
            }
            code = errno
            if descriptor >= 0 { _ = close(descriptor) }
        }
        throw failure(code, endpoint, -1)
    }

    private static func failure(_ code: Int32, _ endpoint: Endpoint, _ descriptor: Int32) -> EngineFailure {
        if descriptor >= 0 { _ = close(descriptor) }
        switch code {
        case ECONNREFUSED, ENOENT: return .unreachable(endpoint: endpoint.description)
        case EACCES:
            return .connection(
                endpoint: endpoint.description,
                reason: "permission denied; become a member of the socket's group, or use sudo")
        default: return .connection(endpoint: endpoint.description, reason: String(cString: strerror(code)))
        }
    }
}
