import CLinux
import EngineErrors
import Glibc
import LinuxSystem
import ShimProtocol
import Synchronization

/// A connection that speaks messages with one shim. Answers find their request by sequence; everything else is news.
///
/// Nobody waits for a shim that hangs: what its socket does not take is kept here, and a request is given up at its
/// deadline. The connection stays, for the shim may go on.
final class ShimConnection: Sendable {
    private struct Waiting {
        var kind: Message.Kind
        /// ns of the monotonic clock.
        var begin: Int64
        var seconds: Int
        var continuation: CheckedContinuation<Message, any Error>

        func isLate(_ now: Int64) -> Bool { now - begin > Int64(seconds) * 1_000_000_000 }
    }
    private struct State {
        var decoder = MessageDecoder()
        var waiting: [UInt32: Waiting] = [:]
        var sequence: UInt32 = 0
        /// What the socket did not take yet.
        var outgoing: [UInt8] = []
        var wantsRoom = false
        var lastHeard = monotonicTime()
        var isClosed = false
    }

    /// Bytes; more than one large message of ours, and what only a shim that hangs lets come together.
    private static let backlog = 2 << 20

    /// Open as long as this object lives: others may be about to use it when the connection is closed.
    private let socket: OwnedFD
    /// The container's id.
    let container: String
    /// The pid of the container's first process; 0: not known yet.
    let firstProcess = Atomic<Int32>(0)
    private let state = Mutex(State())
    private let onNews: @Sendable (ShimConnection, Message) -> Void
    private let onClose: @Sendable () -> Void

    /// Takes the socket. The closures run on the reactor's thread and must not block.
    init(
        _ socket: consuming OwnedFD, container: String, onNews: @escaping @Sendable (ShimConnection, Message) -> Void,
        onClose: @escaping @Sendable () -> Void
    ) {
        self.socket = socket
        self.container = container
        self.onNews = onNews
        self.onClose = onClose
    }

    var descriptor: Int32 { socket.raw }

    func begin() { ShimReactor.shared.add(self) }

    /// Sends and waits for the answer; `failed` comes back as any other.
    /// - Throws: `.deadlineExceeded` after so many seconds; an answer that comes later is dropped.
    func request(_ kind: Message.Kind, _ fields: Fields = Fields(), within seconds: Int = ShimPatience.answer) async throws(EngineError) -> Message {
        do {
            return try await withCheckedThrowingContinuation { continuation in
                let waiting = Waiting(kind: kind, begin: monotonicTime(), seconds: seconds, continuation: continuation)
                let outcome: Result<Bool, EngineError> = state.withLock { state in
                    if state.isClosed { return .failure(Self.gone) }
                    if state.outgoing.count > Self.backlog { return .failure(ShimPatience.isOver(container, 0)) }
                    state.sequence += 1
                    state.waiting[state.sequence] = waiting
                    state.outgoing += Message(kind, sequence: state.sequence, fields).encoded()
                    return .success(flush(&state))
                }
                switch outcome {
                case .failure(let error): continuation.resume(throwing: error)
                case .success(false): close()
                case .success(true): ShimReactor.shared.attend()
                }
            }
        } catch {
            throw EngineError.wrapping(error)
        }
    }

    /// Sends what has no answer.
    func tell(_ kind: Message.Kind, _ fields: Fields) {
        state.withLock { state in
            guard !state.isClosed, state.outgoing.count <= Self.backlog else { return }
            state.outgoing += Message(kind, fields).encoded()
            // Should the shim be gone, its end is about to be read.
            _ = flush(&state)
        }
    }

    /// Gives the socket what it takes. False: the shim is gone.
    private func flush(_ state: inout State) -> Bool {
        var sent = 0
        defer {
            state.outgoing.removeFirst(sent)
            if state.wantsRoom == state.outgoing.isEmpty {
                state.wantsRoom = !state.outgoing.isEmpty
                ShimReactor.shared.watch(self, forRoom: state.wantsRoom)
            }
        }
        while sent < state.outgoing.count {
            let count = state.outgoing[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) }
            if count > 0 { sent += count } else if errno != EINTR { return errno == EAGAIN }
        }
        return true
    }

    /// On the reactor's thread.
    func writable() {
        let isAlive = state.withLock { $0.isClosed || flush(&$0) }
        if !isAlive { close() }
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
                state.lastHeard = monotonicTime()
                state.decoder.feed(buffer[..<count])
                do { while let message = try state.decoder.next() { messages.append(message) } } catch { ended = true }
            }
        }
        for message in messages { deliver(message) }
        if ended { close() }
    }

    private func deliver(_ message: Message) {
        guard message.sequence != 0 else { return onNews(self, message) }
        // Of a request that was given up nobody wants to know.
        state.withLock { $0.waiting.removeValue(forKey: message.sequence) }?.continuation.resume(returning: message)
    }

    /// On the reactor's thread: gives up what waits too long. False: nothing waits any more.
    func expire(_ now: Int64) -> Bool {
        let (late, isWaiting) = state.withLock { state in
            let late = state.waiting.filter { $0.value.isLate(now) }
            for sequence in late.keys { state.waiting[sequence] = nil }
            return (late.values, !state.waiting.isEmpty)
        }
        for request in late { request.continuation.resume(throwing: ShimPatience.isOver(container, request.seconds)) }
        return isWaiting
    }

    func close() {
        let waiting: [Waiting]? = state.withLock { state in
            guard !state.isClosed else { return nil }
            state.isClosed = true
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        guard let waiting else { return }
        ShimReactor.shared.remove(self)
        shutdown(descriptor, Int32(SHUT_RDWR))
        for request in waiting { request.continuation.resume(throwing: Self.gone) }
        onClose()
    }

    var status: ShimStatus {
        state.withLock { state in
            ShimStatus(
                container: container, firstProcess: firstProcess.load(ordering: .relaxed), lastHeard: state.lastHeard,
                requests: state.waiting.values.map { ShimStatus.Request(kind: "\($0.kind)", since: $0.begin) }.sorted { $0.since < $1.since })
        }
    }

    private static var gone: EngineError { EngineError(.unavailable, "the container's shim is gone") }
}
