import CLinux
import EngineErrors
import Glibc
import LinuxSystem
import ShimProtocol
import Synchronization

/// A connection that speaks messages with one shim. Answers find their request by sequence; everything else is news.
final class ShimConnection: Sendable {
    private struct State {
        var decoder = MessageDecoder()
        var waiting: [UInt32: CheckedContinuation<Message, any Error>] = [:]
        var sequence: UInt32 = 0
        var isClosed = false
    }

    let descriptor: Int32
    private let state = Mutex(State())
    private let onNews: @Sendable (Message) -> Void
    private let onClose: @Sendable () -> Void

    /// Takes the socket. The closures run on the reactor's thread and must not block.
    init(_ socket: consuming OwnedFD, onNews: @escaping @Sendable (Message) -> Void, onClose: @escaping @Sendable () -> Void) {
        descriptor = socket.take()
        self.onNews = onNews
        self.onClose = onClose
    }

    func begin() { ShimReactor.shared.add(self) }

    /// Sends and waits for the answer; `failed` comes back as any other.
    func request(_ kind: Message.Kind, _ fields: Fields = Fields()) async throws(EngineError) -> Message {
        do {
            return try await withCheckedThrowingContinuation { continuation in
                let sequence: UInt32? = state.withLock { state in
                    guard !state.isClosed else { return nil }
                    state.sequence += 1
                    state.waiting[state.sequence] = continuation
                    return state.sequence
                }
                guard let sequence else { return continuation.resume(throwing: Self.gone) }
                if !send(Message(kind, sequence: sequence, fields)) { close() }
            }
        } catch {
            throw EngineError.wrapping(error)
        }
    }

    /// Messages are small and shims read at once: a full buffer means that the shim hangs.
    private func send(_ message: Message) -> Bool {
        let bytes = message.encoded()
        return bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = Glibc.send(descriptor, buffer.baseAddress! + done, buffer.count - done, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
                if count > 0 {
                    done += count
                    continue
                }
                guard errno == EAGAIN || errno == EINTR else { return false }
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                guard poll(&wait, 1, 2000) > 0 else { return false }
            }
            return true
        }
    }

    /// On the reactor's thread.
    func readable() {
        var messages: [Message] = []
        var ended = false
        withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 16) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { ended = true }
            guard count > 0 else { return }
            state.withLock { state in
                state.decoder.feed(buffer[..<count])
                do { while let message = try state.decoder.next() { messages.append(message) } } catch { ended = true }
            }
        }
        for message in messages { deliver(message) }
        if ended { close() }
    }

    private func deliver(_ message: Message) {
        if message.sequence != 0, let waiting = state.withLock({ $0.waiting.removeValue(forKey: message.sequence) }) {
            return waiting.resume(returning: message)
        }
        onNews(message)
    }

    func close() {
        let waiting: [CheckedContinuation<Message, any Error>]? = state.withLock { state in
            guard !state.isClosed else { return nil }
            state.isClosed = true
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        guard let waiting else { return }
        ShimReactor.shared.remove(self)
        Glibc.close(descriptor)
        for continuation in waiting { continuation.resume(throwing: Self.gone) }
        onClose()
    }

    private static var gone: EngineError { EngineError(.unavailable, "the container's shim is gone") }
}
