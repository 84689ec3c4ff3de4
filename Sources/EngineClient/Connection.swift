import Glibc
import Synchronization

/// A connected stream socket with what was read from it and not asked for yet. One thread may read while another writes.
///
/// Blocking sockets and no event loop: starting one costs more than all the requests of a command,
/// and `gantry version` has 12 ms in total. Only TLS goes through SwiftNIO (`SecureChannel`).
public final class Connection: Sendable {
    /// Open as long as this object lives.
    public let descriptor: Int32
    private let kept = Mutex<ArraySlice<UInt8>>([])

    /// Takes ownership of the descriptor.
    public init(adopting descriptor: Int32) { self.descriptor = descriptor }

    deinit { _ = close(descriptor) }

    /// The next bytes, at most `limit`; empty at the end. Blocks.
    public func read(_ limit: Int = 65536) throws(EngineFailure) -> [UInt8] {
        let early = kept.withLock { kept in
            let part = kept.prefix(limit)
            kept = kept.dropFirst(part.count)
            return Array(part)
        }
        if !early.isEmpty { return early }
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { room, count in
            var got = 0
            repeat { got = Glibc.read(descriptor, room.baseAddress, limit) } while got < 0 && errno == EINTR
            if got < 0 { code = errno }
            count = max(0, got)
        }
        // A peer that left with bytes of ours unread resets the connection: to a reader that is the end.
        if code != 0, code != ECONNRESET { throw .broken(String(cString: strerror(code))) }
        return bytes
    }

    /// Puts bytes back in front of what comes next.
    func putBack(_ bytes: ArraySlice<UInt8>) { kept.withLock { $0 = bytes + $0 } }

    /// All bytes; waits while the peer does not take them.
    public func write(_ bytes: [UInt8]) throws(EngineFailure) {
        var done = 0
        while done < bytes.count {
            let sent = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress! + done, $0.count - done, Int32(MSG_NOSIGNAL))
            }
            if sent < 0, errno == EINTR { continue }
            guard sent > 0 else { throw .broken("write: \(String(cString: strerror(errno)))") }
            done += sent
        }
    }

    /// Tells the peer that nothing more comes; reading goes on.
    public func endWriting() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends both directions; a thread in `read` returns.
    public func interrupt() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// The peer closed it, or says what nobody asked: no next request may use it.
    var isStale: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) != 0
    }

    /// One line without its end.
    func line() throws(EngineFailure) -> String {
        var line: [UInt8] = []
        while line.count < 1 << 16 {
            let bytes = try read()
            guard !bytes.isEmpty else { throw .broken("the engine closed the connection (EOF)") }
            guard let end = bytes.firstIndex(of: 0x0a) else {
                line += bytes
                continue
            }
            line += bytes[..<end]
            putBack(bytes[(end + 1)...])
            if line.last == 0x0d { line.removeLast() }
            return String(decoding: line, as: UTF8.self)
        }
        throw .broken("a line of the answer is longer than 64 kB")
    }
}
