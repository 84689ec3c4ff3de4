import EngineCore
import EngineErrors
import Synchronization

/// A request's body, pulled. What has arrived and nobody took is bounded: the connection stops reading.
final class RequestBody: ByteSource, Sendable {
    static let highWater = 256 << 10

    private struct State {
        var chunks: [[UInt8]] = []
        var buffered = 0
        var isEnded = false
        var isBroken = false
        var wasPulled = false
        var waiting: CheckedContinuation<[UInt8]?, any Error>?
    }

    private let state = Mutex(State())
    /// Called when the body is wanted for the first time, and when there is room again.
    private let onPull: @Sendable (_ isFirst: Bool) -> Void

    init(onPull: @escaping @Sendable (_ isFirst: Bool) -> Void) { self.onPull = onPull }

    var isEnded: Bool { state.withLock { $0.isEnded } }
    var isFull: Bool { state.withLock { $0.buffered > Self.highWater } }

    func next() async throws -> [UInt8]? {
        let isFirst = state.withLock { state in
            defer { state.wasPulled = true }
            return !state.wasPulled
        }
        if isFirst { onPull(true) }
        return try await withCheckedThrowingContinuation { continuation in
            let (answer, wasFull): (Result<[UInt8]?, any Error>?, Bool) = state.withLock { state in
                let wasFull = state.buffered > Self.highWater
                if !state.chunks.isEmpty {
                    let chunk = state.chunks.removeFirst()
                    state.buffered -= chunk.count
                    return (.success(chunk), wasFull && state.buffered <= Self.highWater)
                }
                if state.isEnded { return (.success(nil), false) }
                if state.isBroken { return (.failure(Self.broken), false) }
                state.waiting = continuation
                return (nil, false)
            }
            if wasFull { onPull(false) }
            if let answer { continuation.resume(with: answer) }
        }
    }

    /// All of it.
    func collect(limit: Int) async throws -> [UInt8] {
        var all: [UInt8] = []
        while let chunk = try await next() {
            all += chunk
            if all.count > limit {
                throw EngineError(.payloadTooLarge, "the request's body is too large: at most \(limit >> 20) MiB are taken here")
            }
        }
        return all
    }

    func arrived(_ chunk: [UInt8]) {
        let waiting: CheckedContinuation<[UInt8]?, any Error>? = state.withLock { state in
            if let waiting = state.waiting {
                state.waiting = nil
                return waiting
            }
            state.chunks.append(chunk)
            state.buffered += chunk.count
            return nil
        }
        waiting?.resume(returning: chunk)
    }

    func ended() { finish(.success(nil)) { $0.isEnded = true } }
    /// The client went before the end.
    func broke() { finish(.failure(Self.broken)) { $0.isBroken = true } }

    private func finish(_ result: Result<[UInt8]?, any Error>, _ change: (inout State) -> Void) {
        let waiting: CheckedContinuation<[UInt8]?, any Error>? = state.withLock { state in
            change(&state)
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume(with: result)
    }

    private static var broken: EngineError { EngineError(.cancelled, "the client closed the connection in the middle of its request") }
}
