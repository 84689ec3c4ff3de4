import CLinux
import Glibc

/// What systemd hears from a service: the datagrams of sd_notify(3), in their order.
public final class NotifySocket {
    public let path: String
    private let descriptor: Int32

    public init(_ path: String) {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let result = UnixAddress.with(path) { bind(descriptor, $0, $1) }
        precondition(result == 0, "cannot bind \(path): \(String(cString: strerror(errno)))")
    }

    deinit { close(descriptor) }

    /// The next one, without those of the watchdog; nil: none comes.
    public func next(seconds: Int = 60) -> String? {
        while let message = receive(seconds) { if message != "WATCHDOG=1" { return message } }
        return nil
    }

    /// Whether the watchdog is told that all is well within so long.
    public func isKeptAlive(seconds: Int) -> Bool {
        while let message = receive(seconds) { if message == "WATCHDOG=1" { return true } }
        return false
    }

    /// What came already is old news.
    public func forget() { while receive(0) != nil {} }

    private func receive(_ seconds: Int) -> String? {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&wait, 1, Int32(seconds) * 1000) > 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}
