import Glibc

/// A socket that the service manager opened for us.
struct InheritedSocket: Sendable, Equatable {
    var descriptor: Int32
    var name: String

    /// Clients can connect to it.
    var isListening: Bool {
        var answer: Int32 = 0, length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &answer, &length) == 0 && answer == 1
    }

    /// Of a TCP socket; nil: it is of another kind.
    var internetAddress: (host: String, port: Int)? {
        var storage = sockaddr_storage(), length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST)), port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let isKnown = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard getsockname(descriptor, address, &length) == 0, [AF_INET, AF_INET6].contains(Int32(address.pointee.sa_family)) else { return false }
                return getnameinfo(address, length, &host, socklen_t(host.count), &port, socklen_t(port.count), NI_NUMERICHOST | NI_NUMERICSERV) == 0
            }
        }
        guard isKnown else { return nil }
        return (Self.text(host), Int(Self.text(port)) ?? 0)
    }

    private static func text(_ buffer: [CChar]) -> String { String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) }
}
