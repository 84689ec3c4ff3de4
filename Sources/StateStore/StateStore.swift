public import EngineErrors
import FoundationEssentials
import GRDB
import LinuxSystem
import Synchronization

/// Every durable record of the engine, in one SQLite file in WAL mode.
///
/// One connection does everything in the order of the calls: two saves that one actor makes reach the disk in that
/// order. Asynchronous calls suspend, they hold no thread of Swift's pool; `load` and `value` block and are meant
/// for the boot.
public final class StateStore: Sendable {
    let path: String
    private let database: DatabaseQueue
    private let reports: Mutex<[String]>
    private let queue = WriteQueue()

    /// Opens or makes the file at `path`; its folder must exist. A file that is no sound database is renamed to
    /// `<path>.damaged-<seconds>`, reported in `quarantined`, and a new one is begun.
    /// - Parameter isExpected: there is what had records in it: a file that is missing is a damaged one.
    /// - Throws: `.unavailable` when it can't be opened, `.dataCorrupted` when a newer release wrote it.
    public init(path: String, isExpected: Bool = false) throws(EngineError) {
        self.path = path
        let opened = try DatabaseFile.open(path, isExpected: isExpected)
        database = opened.database
        reports = Mutex(opened.report.map { [$0] } ?? [])
    }

    /// What was set aside since the store was opened, a sentence each.
    public var quarantined: [String] { reports.withLock { $0 } }

    /// Every record of the kind, in the order of their first save. What can't be decoded moves to the quarantine
    /// table, from where a person can take it, and is reported in `quarantined`.
    public func load<R: StoredRecord>(_: R.Type) throws(EngineError) -> [R] {
        let (records, found) = try Self.engineErrors { try database.write { try Records.load(R.self, from: $0) } }
        if !found.isEmpty { reports.withLock { $0 += found } }
        return records
    }

    /// Inserts or replaces; on the disk when it returns.
    /// - Throws: `.conflict` when another record of the kind has the unique name; `.resourceExhausted` when the
    ///   disk is full.
    public func save<R: StoredRecord>(_ record: R) async throws(EngineError) {
        try await put(record, .durable)
    }

    /// All of them or none.
    public func save<R: StoredRecord>(_ records: [R]) async throws(EngineError) {
        var rows: [Records.Row] = []
        do { for record in records { rows.append(try Records.Row(record)) } } catch { throw EngineError.wrapping(error) }
        let all = rows
        try await write(StoreChange("save", R.kind, records.map(\.recordID).joined(separator: " ")), .durable) { database in
            for row in all { try Records.put(row, into: database) }
        }
    }

    /// As `save`, without waiting for the disk: survives the end of this process, perhaps not a power cut. The next
    /// `save` of any record makes it durable.
    public func saveRelaxed<R: StoredRecord>(_ record: R) async throws(EngineError) {
        try await put(record, .relaxed)
    }

    /// Missing is fine. Durable when it returns.
    public func remove<R: StoredRecord>(_: R.Type, _ id: String) async throws(EngineError) {
        try await delete(R.kind, id, .durable)
    }

    /// As `remove`, without waiting for the disk. See `saveRelaxed`.
    public func removeRelaxed<R: StoredRecord>(_: R.Type, _ id: String) async throws(EngineError) {
        try await delete(R.kind, id, .relaxed)
    }

    /// A single fact of the daemon, such as its id.
    public func value(_ key: String) throws(EngineError) -> String? {
        try Self.engineErrors {
            try database.read { try String.fetchOne($0, sql: "SELECT value FROM setting WHERE key = ?", arguments: [key]) }
        }
    }

    /// Durable when it returns.
    public func setValue(_ key: String, _ value: String) async throws(EngineError) {
        try await write(StoreChange("set", key), .durable) { database in
            let sql = "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
            try database.cachedStatement(sql: sql).execute(arguments: [key, value])
        }
    }

    /// Waits for the calls before it and closes the file; later calls fail.
    public func close() async {
        try? await write(StoreChange("close"), .durable) { _ in }
        try? database.close()
    }

    /// The writes under way. Waits for nothing.
    public var status: StoreStatus { queue.status }

    /// Returns when the calls before it are done: the store answers.
    /// - Throws: `.unavailable` when it is closed.
    public func ping() async throws(EngineError) { try await write(StoreChange("ping"), .relaxed) { _ in } }

    // MARK: the one way to write

    private enum Durability: String { case durable = "PRAGMA synchronous = FULL", relaxed = "PRAGMA synchronous = NORMAL" }

    private func put<R: StoredRecord>(_ record: R, _ durability: Durability) async throws(EngineError) {
        let row: Records.Row
        do { row = try Records.Row(record) } catch { throw EngineError.wrapping(error) }
        try await write(StoreChange("save", R.kind, record.recordID), durability) { database in try Records.put(row, into: database) }
    }

    private func delete(_ kind: String, _ id: String, _ durability: Durability) async throws(EngineError) {
        try await write(StoreChange("remove", kind, id), durability) { database in
            try Records.remove(kind: kind, id: id, from: database)
        }
    }

    /// Queues before it suspends, which is what keeps the order of the calls.
    private func write(
        _ change: StoreChange, _ durability: Durability, _ body: @escaping @Sendable (Database) throws -> Void
    ) async throws(EngineError) {
        let queue = queue
        let outcome: Result<Void, EngineError> = await withCheckedContinuation { continuation in
            let place = queue.enter(change.description)
            database.asyncWriteWithoutTransaction { connection in
                queue.begin(place)
                defer { queue.leave(place) }
                do {
                    // Can't change inside a transaction.
                    try connection.cachedStatement(sql: durability.rawValue).execute()
                    try connection.inTransaction(.immediate) {
                        try body(connection)
                        try FailPoint.before("state", of: change.point)
                        return .commit
                    }
                    FailPoint.after("state", of: change.point)
                    continuation.resume(returning: .success(()))
                } catch {
                    continuation.resume(returning: .failure(StoreFailure.engineError(error)))
                }
            }
        }
        try outcome.get()
    }

    func read<T>(_ body: (Database) throws -> T) throws(EngineError) -> T { try Self.engineErrors { try database.read(body) } }

    private static func engineErrors<T>(_ body: () throws -> T) throws(EngineError) -> T {
        do { return try body() } catch { throw StoreFailure.engineError(error) }
    }
}
