/// How trees come and go, for a driver whose snapshots are whole trees of their own. Paths are absolute. Calls may be
/// concurrent, each for another tree. Errors are `Errno` or `DriverError`.
public protocol TreeMaker: Sendable {
    /// Makes the tree `path`, which nothing is at: a copy of the tree `parent`, or an empty one.
    func make(_ path: String, from parent: String?) throws
    /// Makes the tree durable and, where that can be, unchangeable. Idempotent.
    func seal(_ path: String) throws
    /// Takes back the part of `seal` that a commit, cut off, left.
    func unseal(_ path: String) throws
    /// Removes the tree, or what there is of it. Missing is fine.
    func remove(_ path: String) throws
    /// Asks the call that has run longest to return soon.
    func cancel()
}
