import EngineErrors
import FoundationEssentials
import GRDB

/// The statements on the table of records.
enum Records {
    struct Row: Sendable {
        var kind, id: String
        var name: String?
        var body: Data

        init<R: StoredRecord>(_ record: R) throws {
            kind = R.kind
            id = record.recordID
            name = record.uniqueName
            body = try JSONEncoder().encode(record)
        }
    }

    static func put(_ row: Row, into database: Database) throws {
        let sql = """
            INSERT INTO record (kind, id, name, body) VALUES (?, ?, ?, ?)
            ON CONFLICT (kind, id) DO UPDATE SET name = excluded.name, body = excluded.body
            """
        do {
            try database.cachedStatement(sql: sql).execute(arguments: [row.kind, row.id, row.name, row.body])
        } catch let failure as DatabaseError where failure.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
            throw try nameTaken(row, database)
        }
    }

    private static func nameTaken(_ row: Row, _ database: Database) throws -> EngineError {
        let name = row.name ?? ""
        let sql = "SELECT id FROM record WHERE kind = ? AND name = ?"
        let owner = try String.fetchOne(database, sql: sql, arguments: [row.kind, name]) ?? "another one"
        return EngineError(.conflict, "the \(row.kind) name \"\(name)\" is already in use by \(row.kind) \(owner)")
    }

    static func remove(kind: String, id: String, from database: Database) throws {
        try database.cachedStatement(sql: "DELETE FROM record WHERE kind = ? AND id = ?").execute(arguments: [kind, id])
    }

    /// - Returns: the records, and a sentence for each that had to be set aside.
    static func load<R: StoredRecord>(_: R.Type, from database: Database) throws -> (records: [R], setAside: [String]) {
        let sql = "SELECT id, body FROM record WHERE kind = ? ORDER BY rowid"
        var records: [R] = []
        var unreadable: [(id: String, reason: String)] = []
        let decoder = JSONDecoder()
        let rows = try GRDB.Row.fetchCursor(database, sql: sql, arguments: [R.kind])
        while let row = try rows.next() {
            let id: String = row["id"]
            do { records.append(try decode(R.self, id, row["body"], decoder)) } catch { unreadable.append((id, "\(error)")) }
        }
        for entry in unreadable { try quarantine(R.kind, entry.id, entry.reason, database) }
        return (records, unreadable.map { "the stored \(R.kind) \($0.id) can't be read and was set aside: \($0.reason)" })
    }

    private static func decode<R: StoredRecord>(_: R.Type, _ id: String, _ body: Data, _ decoder: JSONDecoder) throws -> R {
        let record = try decoder.decode(R.self, from: body)
        if record.recordID != id { throw EngineError(.dataCorrupted, "it says that its id is \(record.recordID)") }
        return record
    }

    private static func quarantine(_ kind: String, _ id: String, _ reason: String, _ database: Database) throws {
        let copy = """
            INSERT INTO quarantine (kind, id, name, body, reason, time)
            SELECT kind, id, name, body, ?, unixepoch() FROM record WHERE kind = ? AND id = ?
            """
        try database.execute(sql: copy, arguments: [reason, kind, id])
        try remove(kind: kind, id: id, from: database)
    }
}
