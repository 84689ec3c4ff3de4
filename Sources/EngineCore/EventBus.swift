import EngineErrors
public import EngineModel
import Synchronization

/// What happened, to everybody who listens. Publishing never waits: a reader that falls too far behind is cut off.
public final class EventBus: Sendable {
    private static let kept = 256
    private static let backlog = 1024

    private struct State {
        var history: [EngineEvent] = []
        var readers: [Int: AsyncThrowingStream<EngineEvent, any Error>.Continuation] = [:]
        var last = 0
        var published = 0
    }
    private let state = Mutex(State())

    public init() {}

    /// Open streams.
    public var listeners: Int { state.withLock { $0.readers.count } }

    /// Since the start.
    public var published: Int { state.withLock { $0.published } }

    /// Under the lock from end to end, so that every reader sees one order.
    public func publish(_ event: EngineEvent) {
        let behind = state.withLock { state in
            state.published += 1
            if state.history.count == Self.kept { state.history.removeFirst() }
            state.history.append(event)
            let behind = state.readers.filter { !Self.offer(event, to: $0.value) }
            for key in behind.keys { state.readers[key] = nil }
            return behind
        }
        // Outside the lock: ending a stream calls back into `forget`.
        for reader in behind.values {
            reader.finish(throwing: EngineError(.resourceExhausted, "the reader of events fell \(Self.backlog) events behind"))
        }
    }

    /// Events from `since` on (ns since 1970; nil: from now, or with `until` all that are kept), then what comes,
    /// until `until`. The last 256 events are kept. A reader that falls 1024 behind gets `.resourceExhausted`.
    public func stream(since: Int64?, until: Int64?) -> AsyncThrowingStream<EngineEvent, any Error> {
        let (stream, reader) = AsyncThrowingStream.makeStream(
            of: EngineEvent.self, throwing: (any Error).self, bufferingPolicy: .bufferingOldest(Self.backlog))
        let key = register(reader, since, until)
        let deadline = until.map { until in
            Task.detached { [weak self] in
                let wait = until - Clock.now()
                if wait > 0 { try? await Task.sleep(for: .nanoseconds(wait)) }
                self?.forget(key)
                reader.finish()
            }
        }
        reader.onTermination = { [weak self] _ in
            deadline?.cancel()
            self?.forget(key)
        }
        return stream
    }

    /// History and registration in one step: nothing is missed or seen twice.
    private func register(_ reader: AsyncThrowingStream<EngineEvent, any Error>.Continuation, _ since: Int64?, _ until: Int64?) -> Int {
        state.withLock { state in
            if since != nil || until != nil {
                for event in state.history where event.time >= since ?? 0 && event.time <= until ?? .max { reader.yield(event) }
            }
            state.last += 1
            state.readers[state.last] = reader
            return state.last
        }
    }

    private func forget(_ key: Int) {
        state.withLock { _ = $0.readers.removeValue(forKey: key) }
    }

    private static func offer(_ event: EngineEvent, to reader: AsyncThrowingStream<EngineEvent, any Error>.Continuation) -> Bool {
        if case .dropped = reader.yield(event) { return false }
        return true
    }
}
