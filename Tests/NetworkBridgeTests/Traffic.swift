import Glibc
import LinuxSystem

/// Sockets for short talks between network namespaces. A socket stays in the namespace it was made in, so one thread
/// can play both sides.
enum Traffic {
    struct Peer: Equatable {
        /// The sender as the receiver saw it.
        var address: String
        var text: String
    }

    /// nil: the connection was refused or timed out.
    /// - Parameter patience: milliseconds; short where nothing is expected.
    static func tcp(
        from client: Space, to address: String, _ port: UInt16, server: Space, listening: UInt16, on bound: String = "0.0.0.0", patience: Int = Self.patience
    ) throws -> Peer? {
        let listener = try server.run { try bind(SOCK_STREAM, bound, listening, patience) }
        defer { close(listener) }
        listen(listener, 1)
        let connection = try client.run { try make(SOCK_STREAM, patience) }
        defer { close(connection) }
        var target = socketAddress(address, port)
        guard withSockAddr(&target, { connect(connection, $0, $1) }) == 0 else { return nil }
        var message = Array("hello".utf8)
        send(connection, &message, message.count, 0)
        var sender = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let accepted = withUnsafeMutablePointer(to: &sender) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { accept(listener, $0, &length) }
        }
        guard accepted >= 0 else { return nil }
        defer { close(accepted) }
        setPatience(accepted, patience)
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = recv(accepted, &buffer, buffer.count, 0)
        send(accepted, &buffer, max(count, 0), 0)
        let echoed = recv(connection, &buffer, buffer.count, 0)
        return Peer(address: text(sender), text: String(decoding: buffer[..<max(echoed, 0)], as: UTF8.self))
    }

    /// nil: nothing came back.
    /// - Parameters:
    ///   - source: the client's port; 0: any.
    ///   - patience: milliseconds for each way; short where nothing is expected.
    static func udp(
        from client: Space, _ source: UInt16 = 0, to address: String, _ port: UInt16, server: Space, listening: UInt16, patience: Int = Self.patience
    ) throws -> Peer? {
        let listener = try server.run { try bind(SOCK_DGRAM, "0.0.0.0", listening, patience) }
        defer { close(listener) }
        let sender = try client.run { try bind(SOCK_DGRAM, "0.0.0.0", source, patience) }
        defer { close(sender) }
        var target = socketAddress(address, port)
        guard withSockAddr(&target, { connect(sender, $0, $1) }) == 0 else { return nil }
        var message = Array("hello".utf8)
        send(sender, &message, message.count, 0)
        var from = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = withUnsafeMutablePointer(to: &from) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(listener, &buffer, 64, 0, $0, &length) }
        }
        guard count > 0 else { return nil }
        _ = withSockAddr(&from) { sendto(listener, buffer, count, 0, $0, $1) }
        let echoed = recv(sender, &buffer, buffer.count, 0)
        return Peer(address: text(from), text: String(decoding: buffer[..<max(echoed, 0)], as: UTF8.self))
    }

    // MARK: sockets

    /// A lost SYN is sent again after one second, and after three.
    static let patience = 5000

    private static func make(_ kind: __socket_type, _ patience: Int) throws -> Int32 {
        let descriptor = try Errno.check("socket", socket(AF_INET, Int32(kind.rawValue), 0))
        setPatience(descriptor, patience)
        return descriptor
    }

    private static func setPatience(_ descriptor: Int32, _ milliseconds: Int) {
        var time = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    private static func bind(_ kind: __socket_type, _ address: String, _ port: UInt16, _ patience: Int) throws -> Int32 {
        let descriptor = try make(kind, patience)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        var local = socketAddress(address, port)
        try Errno.check("bind \(address):\(port)", withSockAddr(&local) { Glibc.bind(descriptor, $0, $1) })
        return descriptor
    }

    private static func socketAddress(_ address: String, _ port: UInt16) -> sockaddr_in {
        var result = sockaddr_in()
        result.sin_family = sa_family_t(AF_INET)
        result.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &result.sin_addr)
        return result
    }

    private static func withSockAddr<R>(_ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }

    private static func text(_ address: sockaddr_in) -> String {
        withUnsafeBytes(of: address.sin_addr) { $0.map { "\($0)" }.joined(separator: ".") }
    }
}
