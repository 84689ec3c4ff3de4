import Glibc

/// Standard output and error, unbuffered: what a command says is there when it says it.
enum Output {
    static func write(_ bytes: some Collection<UInt8>, to descriptor: Int32 = STDOUT_FILENO) {
        let bytes = ContiguousArray(bytes)
        var done = 0
        while done < bytes.count {
            let sent = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done) }
            if sent < 0, errno == EINTR { continue }
            if sent < 0, errno == EAGAIN {
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&entry, 1, -1)
                continue
            }
            guard sent > 0 else { return }
            done += sent
        }
    }

    static func line(_ text: String) { write((text + "\n").utf8) }
    static func error(_ text: String) { write((text + "\n").utf8, to: STDERR_FILENO) }
}
