import EngineErrors
import GRDB
import Glibc

/// Opens the file, checks it, brings its schema up to date, and sets a damaged one aside.
enum DatabaseFile {
    /// - Parameter isExpected: one that is missing is damaged.
    /// - Returns: the database, and a sentence if a damaged one was set aside.
    static func open(_ path: String, isExpected: Bool) throws(EngineError) -> (database: DatabaseQueue, report: String?) {
        do {
            if isExpected && access(path, F_OK) != 0 && errno == ENOENT { throw DatabaseError(resultCode: .SQLITE_NOTADB, message: "it is missing") }
            return (try checked(path), nil)
        } catch let failure as DatabaseError where isDamage(failure) {
            let aside = try setAside(path)
            let reason = failure.message ?? "\(failure.resultCode)"
            let report = "the state database \(path) is damaged (\(reason)); it was set aside as \(aside) and a new one begun"
            do { return (try checked(path), report) } catch { throw cannotOpen(path, error) }
        } catch {
            throw cannotOpen(path, error)
        }
    }

    private static func isDamage(_ failure: DatabaseError) -> Bool {
        failure.resultCode == .SQLITE_CORRUPT || failure.resultCode == .SQLITE_NOTADB
    }

    private static func checked(_ path: String) throws -> DatabaseQueue {
        // SQLite would take it for a new one, and what is on disk would have no owner.
        var status = stat()
        if stat(path, &status) == 0 && status.st_size == 0 { throw DatabaseError(resultCode: .SQLITE_NOTADB, message: "it is empty") }
        let database = try DatabaseQueue(path: path, configuration: configuration)
        do {
            try database.writeWithoutTransaction { connection in
                let answer = try String.fetchOne(connection, sql: "PRAGMA quick_check(1)")
                if let answer, answer != "ok" { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: answer) }
            }
            try Schema.migrate(database)
        } catch {
            try? database.close()
            throw error
        }
        return database
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.label = "state"
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(5)
        // Without the index that WAL shares between processes: it is a mapped file, and a write to a mapping on a full
        // btrfs is SIGBUS. Nobody shares; while the daemon runs, sqlite3 finds the file locked.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
        return configuration
    }

    /// The log goes with its database: it may hold the only good copy of some pages.
    private static func setAside(_ path: String) throws(EngineError) -> String {
        let base = "\(path).damaged-\(time(nil))"
        var aside = base
        var attempt = 1
        while access(aside, F_OK) == 0 {
            attempt += 1
            aside = "\(base)-\(attempt)"
        }
        // One that is missing leaves an empty file: it speaks for what had records.
        close(Glibc.open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600))
        for suffix in ["-wal", "-shm", ""] where rename(path + suffix, aside + suffix) != 0 && errno != ENOENT {
            let code = errno
            throw EngineError(
                .unavailable, "the damaged state database \(path)\(suffix) can't be set aside: \(String(cString: strerror(code)))",
                errno: code)
        }
        return aside
    }

    private static func cannotOpen(_ path: String, _ error: any Error) -> EngineError {
        if let known = error as? EngineError { return known }
        let reason = (error as? DatabaseError)?.message ?? "\(error)"
        return EngineError(.unavailable, "the state database \(path) can't be opened: \(reason)", underlying: error)
    }
}
