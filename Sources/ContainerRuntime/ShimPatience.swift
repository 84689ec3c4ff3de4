import EngineErrors

/// How long the daemon waits for a shim, in seconds.
enum ShimPatience {
    /// For what a shim answers at once unless it hangs. Long enough for a host under great load.
    static let answer = 20
    /// For what depends on others: mounts of a container's file systems, its program, a log driver that opens.
    static let work = 120
    /// At the daemon's start, where nothing else is served yet.
    static let adoption = 2

    static func isOver(_ container: String, _ seconds: Int) -> EngineError {
        let what = seconds > 0 ? "did not answer within \(seconds) s" : "takes no more requests"
        return EngineError(.deadlineExceeded, "the shim of container \(container.prefix(12)) \(what): it hangs or was stopped; see `gantry system dump`, and end the container if it does not recover")
    }
}
