import CLinux
import Glibc
import LinuxSystem
import ShimProtocol
import Synchronization

/// Waits for single answers without reading a byte of what comes behind them.
final class ShimAnswers: Sendable {
    static let shared = ShimAnswers()

    enum Outcome: Sendable {
        case answer(Message)
        /// The connection ended before a whole message.
        case ended
        case late
    }

    private struct Waiting {
        var buffer: [UInt8] = []
        var container: String
        var kind: Message.Kind
        /// ns of the monotonic clock.
        var begin: Int64
        var continuation: CheckedContinuation<Outcome, Never>
    }

    private let loop = EpollLoop()
    private let waiting = Mutex<[Int32: Waiting]>([:])

    private init() { loop.start("shim-answers", ready: { self.readable($0.data.fd) }, tick: expire) }

    var statuses: [ShimStatus] {
        waiting.withLock { waiting in
            waiting.values.map { ShimStatus(container: $0.container, firstProcess: 0, lastHeard: 0, requests: [ShimStatus.Request(kind: "\($0.kind)", since: $0.begin)]) }
        }
    }

    func wait(for descriptor: Int32, _ kind: Message.Kind, container: String) async -> Outcome {
        await withCheckedContinuation { continuation in
            waiting.withLock { $0[descriptor] = Waiting(container: container, kind: kind, begin: monotonicTime(), continuation: continuation) }
            loop.add(descriptor)
            loop.attend()
        }
    }

    private func expire() -> Bool {
        let now = monotonicTime()
        let (late, isWaiting) = waiting.withLock { waiting in
            let late = waiting.filter { now - $0.value.begin > Int64(ShimPatience.answer) * 1_000_000_000 }
            for descriptor in late.keys { waiting[descriptor] = nil }
            return (late, !waiting.isEmpty)
        }
        for (descriptor, entry) in late { finish(descriptor, entry, .late) }
        return isWaiting
    }

    private func finish(_ descriptor: Int32, _ entry: Waiting, _ outcome: Outcome) {
        loop.remove(descriptor)
        entry.continuation.resume(returning: outcome)
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
        finish(descriptor, entry, message.map(Outcome.answer) ?? .ended)
    }
}

extension [UInt8] {
    fileprivate var length: Int { Int(self[0]) | Int(self[1]) << 8 | Int(self[2]) << 16 | Int(self[3]) << 24 }
}
