import CLinux
import Glibc

/// A client that speaks HTTP by hand over a unix socket: for half-closes, early bytes and slow readers.
public final class RawConnection {
    private let descriptor: Int32
    private var unread: [UInt8] = []

    /// - Parameter receiveBuffer: bytes that the kernel may hold for a reader that does not read; 0: the usual.
    public init(_ path: String, receiveBuffer: Int32 = 0) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var size = receiveBuffer
        if size > 0 { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4) }
        let result = UnixAddress.with(path) { connect(descriptor, $0, $1) }
        precondition(result == 0, "cannot connect to \(path): \(String(cString: strerror(errno)))")
    }

    deinit { close(descriptor) }

    /// A request's head, and what follows it at once.
    public func send(_ method: String, _ path: String, headers: [String] = [], body: String = "", behind: String = "") {
        var head = ["\(method) \(path) HTTP/1.1", "Host: gantry"] + headers
        if !body.isEmpty { head += ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"] }
        write(head.joined(separator: "\r\n") + "\r\n\r\n" + body + behind)
    }

    public func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// This side says no more; it goes on listening.
    public func endInput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Status line and headers, without the empty line.
    public func head(seconds: Int = 60) -> String {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let place = unread.indices.first(where: { unread[$0...].starts(with: end) }) {
                defer { unread.removeFirst(place + 4) }
                return String(decoding: unread[..<place], as: UTF8.self)
            }
            guard receive(seconds) else { return String(decoding: unread, as: UTF8.self) }
        }
    }

    /// Exactly this many bytes; fewer: the stream ended or it took too long.
    public func bytes(_ count: Int, seconds: Int = 60) -> [UInt8] {
        while unread.count < count, receive(seconds) {}
        defer { unread.removeFirst(min(count, unread.count)) }
        return Array(unread.prefix(count))
    }

    /// All until the other side closes; nil: it did not.
    public func rest(seconds: Int = 60) -> [UInt8]? {
        while receive(seconds) {}
        return isAtEnd ? unread : nil
    }

    private var isAtEnd = false

    private func receive(_ seconds: Int) -> Bool {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard !isAtEnd, poll(&wait, 1, Int32(seconds) * 1000) > 0 else { return false }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else {
            isAtEnd = true
            return false
        }
        unread += buffer[..<count]
        return true
    }
}
