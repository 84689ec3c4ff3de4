import CLinux
import EngineErrors
import Glibc
import LinuxSystem
import ShimProtocol
import Synchronization

/// A request on a connection of its own, whose socket becomes a stream of bytes with the answer.
struct ShimCall: ~Copyable {
    let answer: Message
    let socket: OwnedFD

    private static func connect(_ folder: String, _ container: String) throws(EngineError) -> OwnedFD {
        do { return try ShimSocket.connect(in: folder) } catch {
            throw EngineError(.conflict, "container \(container) is not running", errno: error.code, underlying: error)
        }
    }

    consuming func takeSocket() -> OwnedFD { socket }

    static func run(folder: String, container: String, _ message: Message) async throws(EngineError) -> ShimCall {
        let socket = try connect(folder, container)
        let descriptor = socket.raw, bytes = message.encoded()
        guard bytes.withUnsafeBytes({ buffer in (try? Files.writeAll(descriptor, buffer, "shim")) != nil }) else {
            throw EngineError(.conflict, "container \(container) is not running")
        }
        guard let answer = await ShimAnswers.shared.wait(for: descriptor) else {
            throw EngineError(.unavailable, "the shim of container \(container) ended in the middle of the request")
        }
        return ShimCall(answer: answer, socket: socket)
    }
}

/// Waits for single answers without reading a byte of what comes behind them.
final class ShimAnswers: Sendable {
    static let shared = ShimAnswers()

    private struct Waiting {
        var buffer: [UInt8] = []
        var continuation: CheckedContinuation<Message?, Never>
    }

    private let epoll: Int32
    private let waiting = Mutex<[Int32: Waiting]>([:])

    private init() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(epoll >= 0, "no descriptor for the shims' answers")
        let code = OwnThread.start("shim-answers") { self.run() }
        precondition(code == 0, "no thread for the shims' answers")
    }

    /// nil: the connection ended before a whole message.
    func wait(for descriptor: Int32) async -> Message? {
        await withCheckedContinuation { continuation in
            waiting.withLock { $0[descriptor] = Waiting(continuation: continuation) }
            var event = epoll_event(events: UInt32(EPOLLIN.rawValue), data: epoll_data_t(fd: descriptor))
            epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
        }
    }

    private func run() -> Never {
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        while true {
            let count = epoll_wait(epoll, &events, 64, -1)
            guard count > 0 else { continue }
            for event in events[..<Int(count)] { readable(event.data.fd) }
        }
    }

    private func readable(_ descriptor: Int32) {
        let finished: (Waiting, Message?)? = waiting.withLock { waiting -> (Waiting, Message?)? in
            guard var entry = waiting[descriptor] else { return nil }
            let wanted = entry.buffer.count < Message.headerSize ? Message.headerSize : Message.headerSize + entry.buffer.length
            var part = [UInt8](repeating: 0, count: wanted - entry.buffer.count)
            let count = recv(descriptor, &part, part.count, Int32(MSG_DONTWAIT))
            if count < 0 && (errno == EAGAIN || errno == EINTR) { return nil }
            if count > 0 {
                entry.buffer += part[..<count]
                let isWhole = entry.buffer.count >= Message.headerSize && entry.buffer.count == Message.headerSize + entry.buffer.length
                guard isWhole else {
                    waiting[descriptor] = entry
                    return nil
                }
            }
            waiting[descriptor] = nil
            var decoder = MessageDecoder()
            decoder.feed(entry.buffer)
            return (entry, count > 0 ? try? decoder.next() : nil)
        }
        guard let (entry, message) = finished else { return }
        epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
        entry.continuation.resume(returning: message)
    }
}

extension [UInt8] {
    fileprivate var length: Int { Int(self[0]) | Int(self[1]) << 8 | Int(self[2]) << 16 | Int(self[3]) << 24 }
}
