/// What goes on in one driver. Times are ns of the monotonic clock.
public struct DriverActivity: Sendable, Equatable {
    public struct Call: Sendable, Equatable {
        /// The function's name in the contract.
        public var operation: String
        public var since: Int64
    }

    public var kind: DriverKind
    public var name: String
    /// The oldest first.
    public var running, waiting: [Call]
    /// Of those that run: given up by whoever asked.
    public var hanging: Int
    /// nil: no instance of it serves.
    public var gate: GateStatus?

    var isIdle: Bool { running.isEmpty && waiting.isEmpty && gate?.isHeld != true && (gate?.waiting ?? 0) == 0 }
}
