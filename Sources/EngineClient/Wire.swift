import Glibc
import Synchronization

/// A connected stream socket. Reads and writes block; one thread may read while another writes.
///
/// Plain blocking sockets and no event loop: a command makes a handful of requests, and an event loop's threads
/// would cost more than all of them. TLS alone goes through SwiftNIO, see `TLSTunnel`.
public final class Wire: Sendable {
    private let descriptor: Int32
    /// Read already and not asked for yet.
    private let ahead = Mutex<[UInt8]>([])

    /// Takes ownership.
    init(adopting descriptor: Int32) { self.descriptor = descriptor }

    deinit { _ = close(descriptor) }

    /// - Throws: `.unreachable`, `.badHost`.
    static func connect(_ settings: Settings) throws(ClientError) -> Wire {
        let descriptor: Int32 =
            switch settings.host {
            case .unix(let path): try connect(path, settings.host)
            case .tcp(let host, let port): try connect(host, port, settings.host)
            }
        guard let tls = settings.tls, case .tcp(let name, _) = settings.host else { return Wire(adopting: descriptor) }
        return Wire(adopting: try TLSTunnel.wrap(descriptor, server: name, tls, settings.host))
    }

    private static func connect(_ path: String, _ host: Host) throws(ClientError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard path.utf8.count < room.count else { return false }
            room.copyBytes(from: path.utf8)
            return true
        }
        guard fits else { throw .badHost("the socket's path \(path) is too long; 107 bytes are the limit") }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard descriptor >= 0, status == 0 else { throw failure(host, errno, descriptor) }
        return descriptor
    }

    private static func connect(_ name: String, _ port: UInt16, _ host: Host) throws(ClientError) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, String(port), &hints, &found)
        guard status == 0 else { throw .unreachable(host: host.description, reason: String(cString: gai_strerror(status))) }
        defer { freeaddrinfo(found) }
        var last: Int32 = ECONNREFUSED
        var next = found
        while let entry = next?.pointee {
            let descriptor = socket(entry.ai_family, entry.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
            if descriptor >= 0, Glibc.connect(descriptor, entry.ai_addr, entry.ai_addrlen) == 0 {
                var on: Int32 = 1
                setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
                return descriptor
            }
            last = errno
            if descriptor >= 0 { _ = close(descriptor) }
            next = entry.ai_next
        }
        throw failure(host, last, -1)
    }

    private static func failure(_ host: Host, _ code: Int32, _ descriptor: Int32) -> ClientError {
        if descriptor >= 0 { _ = close(descriptor) }
        switch code {
        case ECONNREFUSED, ENOENT: return .unreachable(host: host.description, reason: nil)
        case EACCES:
            return .unreachable(host: host.description, reason: "permission denied: you may not use this socket; ask for membership of its group, or use sudo")
        default: return .unreachable(host: host.description, reason: String(cString: strerror(code)))
        }
    }
}

extension Wire {
    /// The next bytes, at most `limit`; empty at the end.
    public func read(_ limit: Int = 65536) throws(ClientError) -> [UInt8] {
        let kept = ahead.withLock { kept -> [UInt8] in
            guard kept.count > limit else { return exchange(&kept, []) }
            let part = Array(kept[..<limit])
            kept.removeFirst(limit)
            return part
        }
        if !kept.isEmpty { return kept }
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { room, count in
            var got = 0
            repeat { got = Glibc.read(descriptor, room.baseAddress, limit) } while got < 0 && errno == EINTR
            if got < 0 { code = errno }
            count = max(0, got)
        }
        // A peer that went away without reading everything resets the connection: for a reader that is its end.
        if code != 0, code != ECONNRESET { throw .broken(String(cString: strerror(code))) }
        return bytes
    }

    /// Gives bytes back, to be read again first.
    func unread(_ bytes: some Collection<UInt8>) { ahead.withLock { $0.insert(contentsOf: bytes, at: 0) } }

    /// All bytes; waits while the peer does not take them.
    public func write(_ bytes: some Sequence<UInt8>) throws(ClientError) {
        let bytes = ContiguousArray(bytes)
        var done = 0
        while done < bytes.count {
            let sent = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress! + done, $0.count - done, Int32(MSG_NOSIGNAL)) }
            if sent < 0, errno == EINTR { continue }
            guard sent > 0 else { throw .broken("write: \(String(cString: strerror(errno)))") }
            done += sent
        }
    }

    /// Tells the peer that nothing more comes; reading goes on.
    public func finishWriting() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends both directions; a thread that waits in `read` sees the end.
    public func interrupt() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// An idle connection that the peer has closed, or that says what nobody asked.
    var isStale: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) != 0
    }
}

private func exchange<T>(_ place: inout T, _ value: T) -> T {
    defer { place = value }
    return place
}
