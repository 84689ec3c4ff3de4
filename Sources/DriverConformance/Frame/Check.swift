/// One demand on a driver, run in a process of its own.
struct Check: Sendable {
    /// Stable: "storage.commit-is-immutable".
    let name: String
    /// What it demands, one sentence.
    let demand: String
    /// A call that hangs is known as such after that long.
    let seconds: Int
    /// Returns when the driver did what it must; else throws, `Outcome` or what a call threw.
    let body: @Sendable (Bench) throws -> Void

    init(_ name: String, _ demand: String, seconds: Int = 10, _ body: @escaping @Sendable (Bench) throws -> Void) {
        self.name = name
        self.demand = demand
        self.seconds = seconds
        self.body = body
    }
}

/// One driver's call in a process that may be killed in it, and what that process says.
struct Actor: Sendable {
    let name: String
    let body: @Sendable (Bench, [String]) throws -> Void
}
