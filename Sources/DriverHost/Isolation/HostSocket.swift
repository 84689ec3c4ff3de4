import Glibc
import LinuxSystem

/// One end of a stream of messages. Its user sees to it that one thread sends and one receives at a time.
final class HostSocket: Sendable {
    private let file: OwnedFD
    /// Nothing that drivers answer comes near; what claims more is no message of ours.
    private static let maximumSize = 256 << 20

    init(_ file: consuming OwnedFD) { self.file = file }

    var raw: Int32 { file.raw }

    /// Two ends that are connected; both are closed on exec.
    static func pair() throws(Errno) -> (HostSocket, HostSocket) {
        var ends: [Int32] = [0, 0]
        try Errno.check("socketpair", socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends))
        return (HostSocket(OwnedFD(adopting: ends[0])), HostSocket(OwnedFD(adopting: ends[1])))
    }

    /// A message that takes longer to come is the end of the other side.
    func limitWaiting(seconds: Int) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    /// The other end is closed, or something came that nobody asked for.
    var isBroken: Bool {
        var byte: UInt8 = 0
        return recv(raw, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) >= 0 || (errno != EAGAIN && errno != EINTR)
    }

    /// Blocks until the other end is closed.
    func waitForEnd() {
        var ends = pollfd(fd: raw, events: 0, revents: 0)
        while poll(&ends, 1, -1) <= 0 {}
    }

    /// Blocks until all is sent. - Parameter descriptor: borrowed; the other end gets one of its own.
    func send(_ bytes: [UInt8], descriptor: Int32 = -1) throws(Errno) {
        var sent = 0
        while sent < bytes.count {
            let attached = sent == 0 ? descriptor : -1
            sent += try Errno.retrying("send") {
                bytes.withUnsafeBytes { buffer in
                    DescriptorPassing.send(raw, UnsafeRawBufferPointer(rebasing: buffer[sent...]), attached)
                }
            }
        }
    }

    struct Received {
        var number: UInt32
        var values: MessageReader
        /// The caller's to close; -1: none came.
        var descriptor: Int32
    }

    /// Blocks until a message is here. nil: the other end is gone, or speaks another language.
    func receive() -> Received? {
        var header = [UInt8](repeating: 0, count: 8)
        var descriptor: Int32 = -1
        guard fill(&header, &descriptor) else { return nil }
        let (size, number) = header.withUnsafeBytes { ($0.load(as: UInt32.self), $0.load(fromByteOffset: 4, as: UInt32.self)) }
        guard size >= 4, size <= Self.maximumSize else { return nil }
        var payload = [UInt8](repeating: 0, count: Int(size) - 4), none: Int32 = -1
        guard fill(&payload, &none) else {
            if descriptor >= 0 { close(descriptor) }
            return nil
        }
        return Received(number: number, values: MessageReader(payload), descriptor: descriptor)
    }

    private func fill(_ bytes: inout [UInt8], _ descriptor: inout Int32) -> Bool {
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                DescriptorPassing.receive(raw, UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]), &descriptor)
            }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return false }
            filled += count
        }
        return true
    }
}
