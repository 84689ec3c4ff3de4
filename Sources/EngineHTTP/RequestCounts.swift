import NIOHTTP1
import Synchronization

/// Answered requests by route and status.
final class RequestCounts: Sendable {
    struct Key: Hashable, Sendable {
        var method, route: String
        var status: UInt
    }
    private let state = Mutex<[Key: Int]>([:])

    /// - Parameter route: the pattern and not the path, of which there are too many.
    func add(_ method: HTTPMethod, _ route: String, _ response: Response) {
        let status: HTTPResponseStatus =
            switch response {
            case .data(let status, _, _), .stream(let status, _, _, _): status
            case .hijack: .switchingProtocols
            }
        state.withLock { $0[Key(method: method.rawValue, route: route, status: status.code), default: 0] += 1 }
    }

    var all: [(key: Key, count: Int)] {
        state.withLock { $0.map { ($0.key, $0.value) } }.sorted { ($0.0.route, $0.0.method, $0.0.status) < ($1.0.route, $1.0.method, $1.0.status) }
    }
}
