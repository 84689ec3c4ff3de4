import Synchronization

/// The lanes in which something runs. Whoever looks waits for nothing but a lock that nobody holds for long.
final class LaneBoard: Sendable {
    static let shared = LaneBoard()

    private let lanes = Mutex<[ObjectIdentifier: Lane]>([:])

    func add(_ lane: Lane) { lanes.withLock { $0[ObjectIdentifier(lane)] = lane } }

    /// Another step may have begun in it meanwhile; then it stays.
    func remove(_ lane: Lane) { lanes.withLock { if lane.isIdle { $0[ObjectIdentifier(lane)] = nil } } }

    /// The longest first.
    var statuses: [LaneStatus] {
        let lanes = lanes.withLock { Array($0.values) }
        return lanes.compactMap(\.status).sorted { $0.running.since < $1.running.since }
    }
}
