import Glibc
import LinuxNetlink
import LinuxSystem

/// A TCP connection between two network namespaces. A socket stays in the namespace in which it was made.
enum Talk {
    private static let port: UInt16 = 8080

    static func reaches(_ address: String, from client: Int32, in server: Int32) throws -> Bool {
        let listener = OwnedFD(adopting: try NetworkNamespace.enter(server) { try make() })
        let caller = OwnedFD(adopting: try NetworkNamespace.enter(client) { try make() })
        var any = place("0.0.0.0"), target = place(address)
        let isBound = with(&any) { bind(listener.raw, $0, $1) == 0 && listen(listener.raw, 1) == 0 }
        guard isBound, with(&target, { connect(caller.raw, $0, $1) }) == 0 else { return false }
        let accepted = accept(listener.raw, nil, nil)
        guard accepted >= 0 else { return false }
        defer { close(accepted) }
        var byte: UInt8 = 42
        return send(caller.raw, &byte, 1, Int32(MSG_NOSIGNAL)) == 1 && recv(accepted, &byte, 1, 0) == 1 && byte == 42
    }

    /// The caller's.
    private static func make() throws -> Int32 {
        let socket = OwnedFD(adopting: try Errno.check("socket", socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)))
        // Both for connecting and for accepting.
        var limit = timeval(tv_sec: 3, tv_usec: 0)
        let descriptor = socket.raw
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] { setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size)) }
        return socket.take()
    }

    private static func place(_ address: String) -> sockaddr_in {
        var result = sockaddr_in()
        result.sin_family = sa_family_t(AF_INET)
        result.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &result.sin_addr)
        return result
    }

    private static func with<R>(_ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) } }
    }
}
