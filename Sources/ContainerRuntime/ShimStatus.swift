/// What is known of one connection to a shim. Times are ns of the monotonic clock.
public struct ShimStatus: Sendable {
    public struct Request: Sendable {
        public var kind: String
        public var since: Int64
    }

    /// The container's id.
    public var container: String
    /// The pid of the container's first process; 0: not known.
    public var firstProcess: Int32
    /// When its shim said something the last time.
    public var lastHeard: Int64
    /// What it was asked and did not answer yet.
    public var requests: [Request]

    /// All connections and calls that are open now. Waits for nothing.
    public static var all: [ShimStatus] {
        var byContainer: [String: ShimStatus] = [:]
        for status in ShimReactor.shared.all.map(\.status) + ShimAnswers.shared.statuses {
            byContainer[status.container] = byContainer[status.container]?.with(status) ?? status
        }
        return byContainer.values.sorted { $0.container < $1.container }
    }

    private func with(_ other: ShimStatus) -> ShimStatus {
        ShimStatus(container: container, firstProcess: max(firstProcess, other.firstProcess), lastHeard: max(lastHeard, other.lastHeard), requests: requests + other.requests)
    }
}
