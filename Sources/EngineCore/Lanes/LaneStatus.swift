/// A lane in which something runs. Times are ns of the monotonic clock.
public struct LaneStatus: Sendable, Equatable {
    public struct Step: Sendable, Equatable {
        public var name: String
        /// When it began, or began to wait for its turn.
        public var since: Int64
    }
    public struct Reason: Sendable, Equatable {
        public var text: String
        public var since: Int64
        /// nil: without a limit.
        public var until: Int64?
    }

    public var subject: String
    public var running: Step
    /// What it waits for, as far as it said.
    public var reason: Reason?
    /// In the order in which they will run.
    public var waiting: [Step]
}
