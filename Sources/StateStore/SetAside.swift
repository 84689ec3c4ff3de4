public import EngineErrors
import GRDB
import Glibc
import LinuxSystem

/// A record that could not be read and waits for a person in the quarantine table.
public struct SetAsideRecord: Sendable, Equatable {
    public var kind, id, reason: String
    /// ns since 1970.
    public var time: Int64
}

extension StateStore {
    /// Records that were set aside, by this daemon or an earlier one, the oldest first. Blocks.
    public func setAsideRecords() throws(EngineError) -> [SetAsideRecord] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT kind, id, reason, time FROM quarantine ORDER BY rowid").map { row in
                SetAsideRecord(kind: row["kind"], id: row["id"], reason: row["reason"], time: (row["time"] as Int64) * 1_000_000_000)
            }
        }
    }

    /// Damaged databases that were set aside and lie there still. What belongs to their records has no owner here.
    public var setAsideDatabases: [String] {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ".", file = path.split(separator: "/").last ?? ""
        let names = (try? Files.list(folder)) ?? []
        return names.filter { $0.hasPrefix("\(file).damaged-") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }.sorted().map { "\(folder)/\($0)" }
    }
}
