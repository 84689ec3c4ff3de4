public import DriverKit
import Glibc
import LinuxSystem

// What a driver does with the index and its folders, in the order that survives a crash. Errors are the contract's.
extension SnapshotIndex {
    /// Makes a snapshot: `make` gets a number for its folder and its parent's. When anything fails, `undo` gets the
    /// number and the key is free again.
    /// - Returns: the number, and those below it, newest first.
    public func make(
        _ key: String, parent: String, _ state: Snapshot.State, _ make: (_ number: Int, _ below: Int?) throws -> Void, undo: (Int) -> Void
    ) throws -> (number: Int, chain: [Int]) {
        try SnapshotKey.check(key)
        let (number, below) = try reserve(key, parent: parent)
        do {
            return try DriverError.translating {
                try make(number, below)
                try FailPoint.before("snapshot.record")
                let chain = try insert(key, number, parent: parent, state)
                FailPoint.after("snapshot.record")
                return (number, chain)
            }
        } catch {
            release(key)
            undo(number)
            throw error
        }
    }

    /// Turns the active snapshot `key` into the committed one `name`, once `seal` has made its folder durable. When
    /// anything fails, `undo` gets the number.
    /// - Returns: the number that it has now.
    @discardableResult
    public func commit(_ key: String, as name: String, _ seal: (Int) throws -> Void, undo: (Int) -> Void = { _ in }) throws -> Int {
        try SnapshotKey.check(name)
        let number = try beginCommit(key, as: name)
        do {
            return try DriverError.translating {
                try FailPoint.before("snapshot.seal")
                try seal(number)
                return try finishCommit(key, as: name)
            }
        } catch {
            release(name)
            undo(number)
            throw error
        }
    }

    /// The entry of what can be mounted as it is, and the numbers below it, newest first. EINVAL: it is committed.
    public func mountable(_ key: String) throws -> (entry: IndexEntry, chain: [Int]) {
        let found = try lookup(key)
        if found.entry.state == .committed { throw DriverError(EINVAL, "snapshot \(key) is committed; make a view of it to mount it") }
        try DriverError.translating { try settle(key) }
        return found
    }

    public func walk(_ body: (Snapshot) -> Bool) {
        for snapshot in snapshots() where !body(snapshot) { return }
    }
}
