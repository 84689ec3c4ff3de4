public import DriverKit
import Glibc
import LinuxSystem
import Synchronization

/// Which key is which folder. Kept in memory, and on disk as the folder `k` with one symbolic link for each key, whose
/// text is the entry: symlink(2) and rename(2) make and change an entry in one step, without a file to write and sync.
public final class SnapshotIndex: Sendable {
    private struct Table {
        var entries: [String: IndexEntry] = [:]
        var keys: [Int: String] = [:]
        var children: [Int: Int] = [:]
        /// Keys that are being made, with the number of their parent.
        var reserved: [String: Int?] = [:]
        var last = 0
    }
    private let folder: String
    private let table = Mutex(Table())

    /// Reads what is stored. Entries without a folder are dropped when nothing was promised (active, view) and set
    /// aside in `lost` otherwise; entries that can't be read are set aside.
    ///
    /// - Parameters:
    ///   - state: the driver's state directory.
    ///   - exists: whether a number's folder is there.
    public init(_ state: String, exists: (Int) -> Bool) throws {
        folder = "\(state)/k"
        try Files.makeDirectories(folder)
        try Files.makeDirectories("\(state)/lost")
        var found = Table()
        for key in try Files.list(folder) {
            try Self.load(key, folder, lost: "\(state)/lost", exists, into: &found)
        }
        for entry in found.entries.values { if let parent = entry.parent { found.children[parent, default: 0] += 1 } }
        let loaded = found
        table.withLock { $0 = loaded }
    }

    private static func load(_ key: String, _ folder: String, lost: String, _ exists: (Int) -> Bool, into table: inout Table) throws {
        let path = "\(folder)/\(key)"
        if key.hasPrefix("+") {
            try Errno.check("remove \(path)", unlink(path))
            return
        }
        guard let entry = readLink(path).flatMap(IndexEntry.init) else {
            try setAside(path, "\(lost)/\(key)")
            return
        }
        table.last = max(table.last, entry.number)
        guard exists(entry.number) else {
            if entry.state == .committed { try setAside(path, "\(lost)/\(key)") } else { unlink(path) }
            return
        }
        if let other = table.keys[entry.number], let twin = table.entries[other] {
            // A commit was cut off between its two steps: the committed name stays.
            let stale = twin.state == .committed ? key : other
            unlink("\(folder)/\(stale)")
            if stale == key { return }
            table.entries[other] = nil
        }
        table.entries[key] = entry
        table.keys[entry.number] = key
    }

    private static func setAside(_ path: String, _ aside: String) throws {
        try Errno.check("set aside \(path)", rename(path, aside))
    }

    private static func readLink(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = readlink(path, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// Folders that belong to a snapshot.
    public func numbers() -> Set<Int> { table.withLock { Set($0.keys.keys) } }

    public func numbers(_ state: Snapshot.State) -> [Int] {
        table.withLock { $0.entries.values.filter { $0.state == state }.map(\.number) }
    }

    /// Holds `key` and its parent for the caller, who then calls `insert` or `release`.
    /// - Returns: a number for its folder, and the parent's.
    func reserve(_ key: String, parent: String) throws -> (number: Int, below: Int?) {
        try table.withLock { table in
            try Self.mustBeFree(key, table)
            let below = try Self.committed(parent, table)
            table.reserved[key] = .some(below)
            if let below { table.children[below, default: 0] += 1 }
            table.last += 1
            return (table.last, below)
        }
    }

    func release(_ key: String) {
        table.withLock { table in
            if let below = table.reserved.removeValue(forKey: key) ?? nil { table.children[below, default: 1] -= 1 }
        }
    }

    /// - Returns: the numbers below, newest first.
    func insert(_ key: String, _ number: Int, parent: String, _ state: Snapshot.State) throws -> [Int] {
        try table.withLock { table in
            let below = try Self.committed(parent, table)
            let entry = IndexEntry(state: state, number: number, parent: below, created: Self.now())
            try Errno.check("record snapshot \(key)", symlink(entry.text, "\(folder)/\(key)"))
            table.reserved[key] = nil
            table.entries[key] = entry
            table.keys[number] = key
            return Self.chain(below, table)
        }
    }

    /// The entry, and the numbers below it, newest first.
    public func lookup(_ key: String) throws -> (entry: IndexEntry, chain: [Int]) {
        try table.withLock { table in
            let entry = try Self.existing(key, table)
            return (entry, Self.chain(entry.parent, table))
        }
    }

    /// Holds `name`. - Returns: the number of the active snapshot `key`.
    func beginCommit(_ key: String, as name: String) throws -> Int {
        try table.withLock { table in
            let entry = try Self.existing(key, table)
            if entry.state != .active { throw DriverError(EINVAL, "snapshot \(key) is not active and can't be committed") }
            try Self.mustBeFree(name, table)
            table.reserved[name] = .some(nil)
            return entry.number
        }
    }

    /// Durable when it returns.
    func finishCommit(_ key: String, as name: String) throws {
        try table.withLock { table in
            var entry = try Self.existing(key, table)
            entry.state = .committed
            let aside = "\(folder)/+\(String(entry.number, radix: 36))"
            unlink(aside)
            try Errno.check("record snapshot \(name)", symlink(entry.text, aside))
            try Errno.check("record snapshot \(name)", rename(aside, "\(folder)/\(name)"))
            try Errno.check("forget snapshot \(key)", unlink("\(folder)/\(key)"))
            table.reserved[name] = nil
            table.entries[key] = nil
            table.entries[name] = entry
            table.keys[entry.number] = name
        }
        try Files.syncDirectory(folder)
    }

    /// - Returns: the number of a folder that nobody knows now.
    public func remove(_ key: String) throws -> Int {
        let entry = try table.withLock { table in
            let entry = try Self.existing(key, table)
            let children = table.children[entry.number, default: 0]
            if children > 0 { throw DriverError(EBUSY, "snapshot \(key) is the parent of \(children) others; remove them first") }
            try Errno.check("forget snapshot \(key)", unlink("\(folder)/\(key)"))
            table.entries[key] = nil
            table.keys[entry.number] = nil
            if let parent = entry.parent { table.children[parent, default: 1] -= 1 }
            return entry
        }
        // Its name must not come back without its files.
        if entry.state == .committed { try Files.syncDirectory(folder) }
        return entry.number
    }

    func snapshots() -> [Snapshot] {
        table.withLock { table in
            table.entries.sorted { $0.value.number < $1.value.number }.map { key, entry in
                let parent = entry.parent.flatMap { table.keys[$0] } ?? ""
                return Snapshot(key: key, parent: parent, state: entry.state, created: entry.created)
            }
        }
    }

    private static func existing(_ key: String, _ table: Table) throws -> IndexEntry {
        guard let entry = table.entries[key] else { throw DriverError(ENOENT, "snapshot \(key) does not exist") }
        return entry
    }

    private static func mustBeFree(_ key: String, _ table: Table) throws {
        if table.entries[key] != nil || table.reserved.keys.contains(key) { throw DriverError(EEXIST, "snapshot \(key) exists already") }
    }

    /// The number of a parent; nil for "".
    private static func committed(_ parent: String, _ table: Table) throws -> Int? {
        if parent.isEmpty { return nil }
        guard let entry = table.entries[parent] else { throw DriverError(ENOENT, "parent snapshot \(parent) does not exist") }
        if entry.state != .committed { throw DriverError(EINVAL, "parent snapshot \(parent) is not committed") }
        return entry.number
    }

    private static func chain(_ first: Int?, _ table: Table) -> [Int] {
        var result: [Int] = []
        var next = first
        while let number = next {
            result.append(number)
            next = table.keys[number].flatMap { table.entries[$0]?.parent }
        }
        return result
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
