import Glibc
import LinuxSystem

/// Short talks between network namespaces. A socket stays in the namespace it was made in, so one thread plays both sides.
enum Traffic {
    /// Whether a TCP connection from `client` to `address`:`port` is taken by `server` at `listening`, and carries a message.
    /// - Parameter patience: milliseconds for each step. A lost SYN is sent again after one second, and after three.
    static func passes(from client: Sandbox, to address: String, _ port: UInt16 = 7000, server: Sandbox, listening: UInt16 = 7000, patience: Int = 5000) throws -> Bool {
        let listener = try server.run { try make() }
        defer { close(listener) }
        var on: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        var local = socketAddress("0.0.0.0", listening)
        try Errno.check("bind", withAddress(&local) { bind(listener, $0, $1) })
        try Errno.check("listen", listen(listener, 4))
        let connection = try client.run { try make() }
        defer { close(connection) }
        setPatience(connection, patience)
        var target = socketAddress(address, port)
        guard withAddress(&target, { connect(connection, $0, $1) }) == 0 else { return false }
        setPatience(listener, patience)
        let accepted = accept(listener, nil, nil)
        guard accepted >= 0 else { return false }
        defer { close(accepted) }
        setPatience(accepted, patience)
        let message = Array("hello".utf8)
        var buffer = [UInt8](repeating: 0, count: 64)
        guard send(connection, message, message.count, Int32(MSG_NOSIGNAL)) == message.count else { return false }
        return recv(accepted, &buffer, buffer.count, 0) == message.count && Array(buffer.prefix(message.count)) == message
    }

    private static func make() throws -> Int32 {
        try Errno.check("socket", socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0))
    }

    private static func setPatience(_ descriptor: Int32, _ milliseconds: Int) {
        var time = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] { setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size)) }
    }

    private static func socketAddress(_ address: String, _ port: UInt16) -> sockaddr_in {
        var result = sockaddr_in()
        result.sin_family = sa_family_t(AF_INET)
        result.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &result.sin_addr)
        return result
    }

    private static func withAddress<R>(_ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) } }
    }
}
