import Synchronization

/// The lanes of an actor's objects, by what they are the lanes of, for people: "volume data". Those in use are kept.
final class Lanes: Sendable {
    private let used = Mutex<[String: Lane]>([:])

    /// Steps of one subject run one after the other; first come, first served.
    func run<R, Failure: Error>(_ step: String, of subject: String, _ body: () async throws(Failure) -> R) async throws(Failure) -> R {
        await enter(step, of: subject)
        defer { leave(subject) }
        return try await body()
    }

    /// To be followed by `leave`.
    func enter(_ step: String, of subject: String) async {
        let lane = used.withLock { lanes in
            let lane = lanes[subject] ?? Lane(subject)
            lanes[subject] = lane
            return lane
        }
        await lane.enter(step)
    }

    func leave(_ subject: String) {
        used.withLock { lanes in
            guard let lane = lanes[subject] else { return }
            lane.leave()
            if lane.isIdle { lanes[subject] = nil }
        }
    }

    /// Somebody is at work on it.
    func isBusy(_ subject: String) -> Bool { used.withLock { $0[subject] != nil } }
}
