import CLinux
import Glibc

/// A TCP client that holds one connection.
public final class TCPConnection {
    private let descriptor: Int32

    /// nil: refused.
    public init?(_ host: String, _ port: UInt16) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        if result != 0 { return nil }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Sends the text and gets it back.
    public func echoes(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return false }
        var answer: [UInt8] = []
        while answer.count < bytes.count {
            var part = [UInt8](repeating: 0, count: bytes.count - answer.count)
            let count = recv(descriptor, &part, part.count, 0)
            guard count > 0 else { return false }
            answer += part[..<count]
        }
        return answer == bytes
    }
}
