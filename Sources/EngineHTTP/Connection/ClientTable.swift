import LinuxSystem
import NIOCore
import NIOHTTP1
import Synchronization

/// The clients' connections and the request that each is about: for `system dump`, for an orderly end, and so that
/// connections on which nothing happens never take the descriptors that containers need.
public final class ClientTable: Sendable {
    /// How far a request is.
    enum Phase: String, Sendable {
        case answering, sending
        /// An answer that goes on until the client leaves.
        case streaming
        /// The connection is a stream of bytes to and from a container.
        case attached
    }
    struct Request: Sendable {
        var method, target: String
        /// ns of the monotonic clock.
        var begin: Int64
        var phase = Phase.answering

        /// Someone waits for its end; the others end with the daemon.
        var isWork: Bool { phase == .answering || phase == .sending }
    }
    struct Client: Sendable {
        var channel: any Channel
        var peer: String
        var since: Int64
        /// nil: it is idle.
        var request: Request?
    }
    private struct State {
        var clients: [ObjectIdentifier: Client] = [:]
        var isEnding = false
        var isHastened = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: so many connections are open at a time.
    public init(limit: Int) { self.limit = limit }

    var all: [Client] { state.withLock { Array($0.clients.values) } }
    /// Connections close after the answers that they are about.
    var isEnding: Bool { state.withLock { $0.isEnding } }

    /// Above the limit, the one that is idle for the longest time goes. False: all are busy, and this one is too many.
    func add(_ channel: any Channel, peer: String) -> Bool {
        let client = Client(channel: channel, peer: peer, since: monotonicTime())
        let (isTaken, closed): (Bool, (any Channel)?) = state.withLock { state in
            var closed: (any Channel)?
            if state.clients.count >= limit {
                let idle = state.clients.filter { $0.value.request == nil }.min { $0.value.since < $1.value.since }
                guard let idle else { return (false, nil) }
                state.clients[idle.key] = nil
                closed = idle.value.channel
            }
            state.clients[ObjectIdentifier(channel)] = client
            return (true, closed)
        }
        closed?.close(promise: nil)
        return isTaken
    }

    func remove(_ channel: any Channel) { change(channel) { $0 = nil } }

    func begin(_ channel: any Channel, _ method: HTTPMethod, _ target: String) {
        let request = Request(method: method.rawValue, target: target, begin: monotonicTime())
        change(channel) { $0?.request = request }
    }

    func enter(_ channel: any Channel, _ phase: Phase) { change(channel) { $0?.request?.phase = phase } }

    func finish(_ channel: any Channel) {
        let now = monotonicTime()
        change(channel) {
            $0?.request = nil
            $0?.since = now
        }
    }

    private func change(_ channel: any Channel, _ body: (inout Client?) -> Void) {
        let waiter = state.withLock { state in
            body(&state.clients[ObjectIdentifier(channel)])
            return state.isEnding && !Self.hasWork(state) ? state.waiter.take() : nil
        }
        waiter?.resume()
    }

    private static func hasWork(_ state: State) -> Bool { state.clients.values.contains { $0.request?.isWork == true } }

    /// The daemon ends: closes what is idle and what would never end, and returns when the requests under way are
    /// answered, after so many seconds (nil: as long as it takes), when somebody says `hasten`, or with its task.
    func end(within seconds: Int?) async {
        let timer = seconds.map { seconds in
            Task.detached {
                do { try await Task.sleep(for: .seconds(seconds)) } catch { return }
                self.hasten()
            }
        }
        await endQuietly()
        timer?.cancel()
    }

    /// Whoever ends the daemon waits no longer for requests under way.
    public func hasten() {
        let waiter = state.withLock { state in
            state.isHastened = true
            return state.waiter.take()
        }
        waiter?.resume()
    }

    private func endQuietly() async {
        let closed = state.withLock { state in
            state.isEnding = true
            return state.clients.values.filter { $0.request?.isWork != true }.map(\.channel)
        }
        for channel in closed { channel.close(promise: nil) }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if !Self.hasWork(state) || state.isHastened || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            self.hasten()
        }
    }
}
