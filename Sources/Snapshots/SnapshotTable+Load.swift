import DriverKit
import Glibc
import LinuxSystem

extension SnapshotTable {
    static let folderIsGone = "the folder of the snapshot is gone"

    /// Reads the links of `folder`, and what was set aside before.
    /// - Returns: the table, and whether an entry could not be read.
    static func load(_ folder: String, _ folders: SnapshotFolders, _ lost: LostEntries) throws -> (table: SnapshotTable, hasUnreadable: Bool) {
        let before = try lost.load()
        var table = SnapshotTable(), hasUnreadable = before.hasUnreadable
        for key in try Files.list(folder) {
            if try !table.load(key, folder, folders, lost) { hasUnreadable = true }
        }
        for (key, entry) in before.entries where table.entries[key] == nil { try table.loadLost(key, entry, folder, folders, lost) }
        for entry in table.entries.values { if let parent = entry.parent { table.children[parent, default: 0] += 1 } }
        return (table, hasUnreadable)
    }

    /// - Returns: whether the entry could be read.
    private mutating func load(_ key: String, _ folder: String, _ folders: SnapshotFolders, _ lost: LostEntries) throws -> Bool {
        let path = "\(folder)/\(key)"
        let entry = IndexEntry(link: path)
        if key.hasPrefix("+") && entry != nil {
            try Errno.check("remove \(path)", unlink(path))
            return true
        }
        guard let entry else {
            try lost.take(path, as: key, because: "it is no entry of the snapshots' index")
            return false
        }
        last = max(last, entry.number)
        guard folders.exists(entry.number) else {
            if entry.state == .committed {
                lost.forget(key)
                try lost.take(path, as: key, because: Self.folderIsGone)
                self.lost[key] = entry
            } else {
                unlink(path)
            }
            return true
        }
        if let other = keys[entry.number], let twin = entries[other] {
            // A commit was cut off between its two steps: the committed name stays.
            let stale = twin.state == .committed ? key : other
            unlink("\(folder)/\(stale)")
            if stale == key { return true }
            entries[other] = nil
        }
        entries[key] = entry
        keys[entry.number] = key
        return true
    }

    /// One that was set aside before. Somebody may have brought its folder back.
    private mutating func loadLost(_ key: String, _ entry: IndexEntry, _ folder: String, _ folders: SnapshotFolders, _ lost: LostEntries) throws {
        last = max(last, entry.number)
        guard folders.exists(entry.number), keys[entry.number] == nil else {
            self.lost[key] = entry
            return
        }
        try Errno.check("take back snapshot \(key)", rename(lost.path(key), "\(folder)/\(key)"))
        entries[key] = entry
        keys[entry.number] = key
    }
}
