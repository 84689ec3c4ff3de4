/// What the threads for blocking calls do at one moment.
public struct BlockingPoolStatus: Sendable {
    public struct Call: Sendable {
        /// The function that asked for it.
        public var caller: StaticString
        /// ns of the monotonic clock.
        public var since: Int64
    }

    public var threads, idle, limit: Int
    /// Threads that were given up; each allows another one.
    public var hung: Int
    /// Calls that wait for a thread.
    public var queued: Int
    /// The longest first.
    public var running: [Call]
}
