import LinuxSystem
import Synchronization

/// How long the actions on containers took that were done.
final class ActionTimes: Sendable {
    /// Those that Docker counts.
    enum Action: String, CaseIterable { case changes, commit, create, delete, start }

    private let state = Mutex<[Action: Histogram]>([:])

    var histograms: [String: Histogram] {
        let known = state.withLock { $0 }
        return Dictionary(uniqueKeysWithValues: Action.allCases.map { ($0.rawValue, known[$0] ?? Histogram()) })
    }

    func measure<R>(_ action: Action, _ body: () async throws -> R) async rethrows -> R {
        let begin = monotonicTime()
        let result = try await body()
        let seconds = Double(monotonicTime() - begin) / 1e9
        state.withLock { $0[action, default: Histogram()].add(seconds: seconds) }
        return result
    }
}
