import DriverKit
import Glibc

/// What the index knows in memory.
struct SnapshotTable {
    var entries: [String: IndexEntry] = [:]
    var keys: [Int: String] = [:]
    var children: [Int: Int] = [:]
    /// Keys that are being made, with the number of their parent.
    var reserved: [String: Int?] = [:]
    /// Committed snapshots whose folder is gone.
    var lost: [String: IndexEntry] = [:]
    var last = 0
    /// Active snapshots that a power cut may still take.
    var unsynced: Set<String> = []

    func existing(_ key: String) throws -> IndexEntry {
        guard let entry = entries[key] else { throw DriverError(ENOENT, "snapshot \(key) does not exist") }
        return entry
    }

    func mustBeFree(_ key: String) throws {
        if entries[key] != nil || reserved.keys.contains(key) { throw DriverError(EEXIST, "snapshot \(key) exists already") }
    }

    /// The number of a parent; nil for "".
    func committed(_ parent: String) throws -> Int? {
        if parent.isEmpty { return nil }
        guard let entry = entries[parent] else { throw DriverError(ENOENT, "parent snapshot \(parent) does not exist") }
        if entry.state != .committed { throw DriverError(EINVAL, "parent snapshot \(parent) is not committed") }
        return entry.number
    }

    /// The numbers from `first` down, newest first.
    func chain(_ first: Int?) -> [Int] {
        var result: [Int] = []
        var next = first
        while let number = next {
            result.append(number)
            next = keys[number].flatMap { entries[$0]?.parent }
        }
        return result
    }
}
