public import DriverKit
import Glibc
import LinuxSystem
import Synchronization

/// Which key is which folder. Kept in memory, and on disk as the folder `k` with one symbolic link for each key, whose
/// text is the entry: symlink(2) and rename(2) make and change an entry in one step, without a file to write and sync.
public final class SnapshotIndex: Sendable {
    private let folder: String
    private let folders: SnapshotFolders
    private let lost: LostEntries
    private let table = Mutex(SnapshotTable())
    /// An fsync of the engine's does not put our changes on disk.
    private let isApart: Bool
    /// An entry could not be read: folders that no entry knows may be that snapshot's.
    public let hasUnreadable: Bool

    /// Reads what is stored. Entries without a folder are dropped when nothing was promised (active, view) and set
    /// aside in `lost` otherwise; entries that can't be read are set aside.
    public init(_ folders: SnapshotFolders) throws {
        self.folders = folders
        folder = "\(folders.state)/k"
        lost = LostEntries(folders.state)
        try Files.makeDirectories(folder)
        let found = try SnapshotTable.load(folder, folders, lost)
        hasUnreadable = found.hasUnreadable
        isApart = try Self.commit(folder)
        table.withLock { $0 = found.table }
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
            try table.mustBeFree(key)
            let below = try table.committed(parent)
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
            let below = try table.committed(parent)
            let entry = IndexEntry(state: state, number: number, parent: below, created: Self.now())
            try Errno.check("record snapshot \(key)", symlink(entry.text, "\(folder)/\(key)"))
            table.reserved[key] = nil
            table.entries[key] = entry
            table.keys[number] = key
            if isApart && state == .active { table.unsynced.insert(key) }
            return table.chain(below)
        }
    }

    /// The entry, and the numbers below it, newest first.
    public func lookup(_ key: String) throws -> (entry: IndexEntry, chain: [Int]) {
        try table.withLock { table in
            let entry = try table.existing(key)
            return (entry, table.chain(entry.parent))
        }
    }

    /// A container is about to start in it; that it did is remembered, so the snapshot must be.
    func settle(_ key: String) throws(Errno) {
        guard table.withLock({ $0.unsynced.contains(key) }) else { return }
        _ = try Self.commit(folder)
        table.withLock { _ = $0.unsynced.remove(key) }
    }

    private static func commit(_ folder: String) throws(Errno) -> Bool {
        let open = try Files.open(folder, O_RDONLY | O_DIRECTORY)
        return try FileSystem.commit(open.raw)
    }

    /// Holds `name`. - Returns: the number of the active snapshot `key`.
    func beginCommit(_ key: String, as name: String) throws -> Int {
        try table.withLock { table in
            let entry = try table.existing(key)
            if entry.state != .active { throw DriverError(EINVAL, "snapshot \(key) is not active and can't be committed") }
            try table.mustBeFree(name)
            table.reserved[name] = .some(nil)
            return entry.number
        }
    }

    /// Durable when it returns. A name whose folder was lost gets its old number back: those on top of it go by that.
    /// - Returns: the number.
    func finishCommit(_ key: String, as name: String) throws -> Int {
        let number = try table.withLock { table in
            var entry = try table.existing(key)
            let number = entry.number
            entry.state = .committed
            if let old = table.lost[name] {
                entry.number = old.number
                try folders.rename(number, to: old.number)
            }
            do { try record(entry, key, as: name) } catch {
                if entry.number != number { try? folders.rename(entry.number, to: number) }
                throw error
            }
            if table.lost.removeValue(forKey: name) != nil { lost.forget(name) }
            table.reserved[name] = nil
            table.entries[key] = nil
            table.unsynced.remove(key)
            table.entries[name] = entry
            table.keys[number] = nil
            table.keys[entry.number] = name
            return entry.number
        }
        do {
            try FailPoint.before("snapshot.folder.sync")
            try Files.syncDirectory(folder)
        } catch {
            takeBack(name, key)
            throw error
        }
        FailPoint.after("snapshot.folder.sync")
        return number
    }

    /// What was refused is active as before, under its old key.
    private func takeBack(_ name: String, _ key: String) {
        table.withLock { table in
            guard var entry = table.entries.removeValue(forKey: name) else { return }
            entry.state = .active
            unlink("\(folder)/\(name)")
            symlink(entry.text, "\(folder)/\(key)")
            table.entries[key] = entry
            table.keys[entry.number] = key
        }
    }

    private func record(_ entry: IndexEntry, _ key: String, as name: String) throws(Errno) {
        let aside = "\(folder)/+\(String(entry.number, radix: 36))"
        unlink(aside)
        do throws(Errno) {
            try FailPoint.before("snapshot.commit")
            try Errno.check("record snapshot \(name)", symlink(entry.text, aside))
            try FailPoint.before("snapshot.rename")
            try Errno.check("record snapshot \(name)", rename(aside, "\(folder)/\(name)"))
            try FailPoint.before("snapshot.forget")
            try Errno.check("forget snapshot \(key)", unlink("\(folder)/\(key)"))
        } catch {
            for path in [aside, "\(folder)/\(name)"] { unlink(path) }
            throw error
        }
    }

    /// - Returns: the number of a folder that nobody knows now.
    public func remove(_ key: String) throws -> Int {
        let entry = try table.withLock { table in
            let entry = try table.existing(key)
            let children = table.children[entry.number, default: 0]
            if children > 0 { throw DriverError(EBUSY, "snapshot \(key) is the parent of \(children) others; remove them first") }
            try FailPoint.before("snapshot.remove")
            try Errno.check("forget snapshot \(key)", unlink("\(folder)/\(key)"))
            table.entries[key] = nil
            table.unsynced.remove(key)
            table.keys[entry.number] = nil
            if let parent = entry.parent { table.children[parent, default: 1] -= 1 }
            return entry
        }
        // Its name must not come back without its files.
        try FailPoint.before("snapshot.removal.sync")
        if entry.state == .committed { try Files.syncDirectory(folder) }
        FailPoint.after("snapshot.removal.sync")
        return entry.number
    }

    /// Every snapshot whose folder is there; the others are dropped or set aside, as when the index is opened.
    func snapshots() -> [Snapshot] {
        dropLost()
        return table.withLock { table in
            table.entries.sorted { $0.value.number < $1.value.number }.map { key, entry in
                let parent = entry.parent.flatMap { table.keys[$0] } ?? ""
                return Snapshot(key: key, parent: parent, state: entry.state, created: entry.created)
            }
        }
    }

    private func dropLost() {
        let all = table.withLock { $0.entries }
        // An entry comes after its folder and goes before it: one without is nobody's work under way.
        for (key, entry) in all where !folders.exists(entry.number) {
            table.withLock { table in
                guard table.entries[key] == entry, !folders.exists(entry.number) else { return }
                let path = "\(folder)/\(key)"
                if entry.state == .committed {
                    lost.forget(key)
                    guard (try? lost.take(path, as: key, because: SnapshotTable.folderIsGone)) != nil else { return }
                    table.lost[key] = entry
                } else {
                    unlink(path)
                    if let parent = entry.parent { table.children[parent, default: 1] -= 1 }
                }
                table.entries[key] = nil
                table.keys[entry.number] = nil
            }
        }
    }

    /// Refuses a chain of which a layer is gone. EUCLEAN.
    public func checkWhole(_ chain: [Int], below key: String) throws {
        for number in chain where !folders.exists(number) {
            let name = table.withLock { table in table.keys[number] ?? table.lost.first { $0.value.number == number }?.key }
            throw DriverError(
                EUCLEAN,
                "the layer \(name ?? String(number, radix: 36)) below the snapshot \(key) is gone: \(folders.folder(number)) does not exist; `gantry system check --repair` makes it again if its image is there"
            )
        }
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
