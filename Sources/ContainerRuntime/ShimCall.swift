import CLinux
import EngineErrors
import Glibc
import LinuxSystem
import ShimProtocol

/// A request on a connection of its own, whose socket becomes a stream of bytes with the answer.
struct ShimCall: ~Copyable {
    let answer: Message
    let socket: OwnedFD

    private static func connect(_ folder: String, _ container: String) throws(EngineError) -> OwnedFD {
        do { return try ShimSocket.connect(in: folder) } catch {
            if error.code == EAGAIN { throw ShimPatience.isOver(container, 0) }
            throw EngineError(.conflict, "container \(container) is not running", errno: error.code, underlying: error)
        }
    }

    consuming func takeSocket() -> OwnedFD { socket }

    /// - Throws: `.deadlineExceeded` when the shim does not answer; then it does not do what it was asked either, for it
    ///   sees that nobody waits.
    static func run(folder: String, container: String, _ message: Message) async throws(EngineError) -> ShimCall {
        let socket = try connect(folder, container)
        try await send(message.encoded(), socket.raw, container)
        switch await ShimAnswers.shared.wait(for: socket.raw, message.kind, container: container) {
        case .answer(let answer): return ShimCall(answer: answer, socket: socket)
        case .late: throw ShimPatience.isOver(container, ShimPatience.answer)
        case .ended: throw EngineError(.unavailable, "the shim of container \(container) ended in the middle of the request")
        }
    }

    private static func send(_ bytes: [UInt8], _ descriptor: Int32, _ container: String) async throws(EngineError) {
        let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) }
        guard count >= 0 || errno == EAGAIN else { throw EngineError(.conflict, "container \(container) is not running", errno: errno) }
        let rest = Array(bytes[max(count, 0)...])
        if rest.isEmpty { return }
        // More than an empty socket holds: it goes out as fast as the shim reads, off the threads that tasks run on.
        do {
            try await OwnThread.run {
                var limit = timeval(tv_sec: ShimPatience.answer, tv_usec: 0)
                setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
                var failure: Errno?
                rest.withUnsafeBytes { buffer in
                    do throws(Errno) { try Files.writeAll(descriptor, buffer, "shim") } catch { failure = error }
                }
                if let failure { throw failure }
            }
        } catch {
            throw (error as? Errno)?.code == EAGAIN ? ShimPatience.isOver(container, ShimPatience.answer) : EngineError(.conflict, "container \(container) is not running")
        }
    }
}
