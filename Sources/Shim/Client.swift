import Glibc
import LinuxSystem
import ShimProtocol

/// A connection: of a daemon, speaking messages, or of somebody attached to a process's streams.
final class Client {
    enum Role { case messages, stream(wantsInput: Bool, wantsOutput: Bool, wantsError: Bool) }

    /// Above this a client's process is not read any more, below `lowWater` it is again.
    static let highWater = 256 << 10
    static let lowWater = 64 << 10
    /// Milliseconds that a client may take nothing of what its ended process has left for it.
    private static let patience: Int64 = 600_000

    let descriptor: Int32
    var role = Role.messages
    weak var process: ContainerProcess?
    /// Gets `exited`, or also `logged`.
    var wantsEvents = false
    var wantsLogged = false
    var decoder = MessageDecoder()
    /// Of the protocol that it speaks, once it has said a word.
    var version = shimProtocolVersion

    private unowned let loop: EventLoop
    private var outgoing: [UInt8] = []
    private var sent = 0
    private var inputEnded = false
    private var inputHeld = false
    private(set) var isClosed = false
    /// Milliseconds; set: closes when everything is sent, or when nothing was for so long.
    private var patience: Int64?
    var onInput: (Client, UnsafeRawBufferPointer) -> Void = { _, _ in }
    var onInputEnd: (Client) -> Void = { _ in }
    var onDrain: (Client) -> Void = { _ in }
    var onClose: (Client) -> Void = { _ in }

    /// Owns the descriptor from now on.
    init(_ descriptor: Int32, _ loop: EventLoop) {
        self.descriptor = descriptor
        self.loop = loop
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        loop.add(descriptor, EventLoop.readable) { [self] in handle($0) }
    }

    /// Nobody reads what is sent.
    var peerIsGone: Bool {
        var state = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&state, 1, 0) > 0
    }

    var pending: Int { outgoing.count - sent }

    func send(_ message: Message) { message.encoded().withUnsafeBytes(send) }

    /// Takes all of it; what the socket does not take now waits in memory.
    func send(_ bytes: UnsafeRawBufferPointer) {
        guard !isClosed, bytes.count > 0 else { return }
        var rest = bytes
        if pending == 0 {
            let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count < 0 && errno != EAGAIN && errno != EINTR { return close() }
            rest = UnsafeRawBufferPointer(rebasing: bytes[max(count, 0)...])
        }
        guard rest.count > 0 else { return }
        outgoing.append(contentsOf: rest)
        updateInterest()
    }

    /// Closes once everything is sent, or the other side takes nothing any more.
    func finish(patience: Int64 = Client.patience) {
        self.patience = patience
        if pending == 0 { close() } else { waitForReader() }
    }

    private func waitForReader() {
        guard let patience, !isClosed else { return }
        loop.limit(descriptor, until: monotonicTime() + patience * 1_000_000) { [self] in close() }
    }

    /// Stops reading what the client sends, until the process has taken what came before.
    func holdInput(_ hold: Bool) {
        inputHeld = hold
        updateInterest()
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        loop.remove(descriptor)
        Glibc.close(descriptor)
        onClose(self)
    }

    private func updateInterest() {
        guard !isClosed else { return }
        loop.set(descriptor, (inputEnded || inputHeld ? 0 : EventLoop.readable) | (pending > 0 ? EventLoop.writable : 0))
    }

    private func handle(_ events: UInt32) {
        if events & EventLoop.writable != 0 { flush() }
        if !isClosed && events & EventLoop.readable != 0 && !inputEnded { receive(isLast: events & EventLoop.hungUp != 0) }
        // Both directions are gone: nobody will read what is left.
        if !isClosed && events & EventLoop.hungUp != 0 && events & EventLoop.readable == 0 { close() }
    }

    private func flush() {
        let count = outgoing.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL)) }
        if count < 0 { return errno == EAGAIN || errno == EINTR ? () : close() }
        sent += count
        if pending == 0 {
            outgoing.removeAll(keepingCapacity: outgoing.capacity <= Self.lowWater)
            sent = 0
        } else if sent > Self.lowWater {
            outgoing.removeFirst(sent)
            sent = 0
        }
        updateInterest()
        if pending <= Self.lowWater { onDrain(self) }
        if pending == 0 && patience != nil { close() } else { waitForReader() }
    }

    /// - Parameter isLast: the other side has closed its socket, and not only ended what it says.
    private func receive(isLast: Bool) {
        withUnsafeTemporaryAllocation(byteCount: 32 << 10, alignment: 16) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return onInput(self, UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
            if count < 0 { return errno == EAGAIN || errno == EINTR ? () : close() }
            inputEnded = true
            updateInterest()
            if case .messages = role { return close() }
            if isLast { return close() }
            onInputEnd(self)
        }
    }
}
