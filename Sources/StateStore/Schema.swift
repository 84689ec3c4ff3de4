import EngineErrors
import GRDB
import LinuxSystem

/// The tables, as a list of steps that never change once released; a new release appends.
enum Schema {
    static func migrate(_ database: DatabaseQueue) throws {
        let migrator = steps
        if try database.read(migrator.hasBeenSuperseded) {
            throw EngineError(
                .dataCorrupted,
                "the state database was written by a newer gantryd; install that release again, or begin with another --data-root")
        }
        try migrator.migrate(database)
        FailPoint.after("schema.make")
    }

    private static var steps: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE record (kind TEXT NOT NULL, id TEXT NOT NULL, name TEXT, body BLOB NOT NULL);
                    CREATE UNIQUE INDEX record_id ON record (kind, id);
                    CREATE UNIQUE INDEX record_name ON record (kind, name) WHERE name IS NOT NULL;
                    CREATE TABLE quarantine (
                        kind TEXT NOT NULL, id TEXT NOT NULL, name TEXT, body BLOB NOT NULL,
                        reason TEXT NOT NULL, time INTEGER NOT NULL);
                    CREATE TABLE setting (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;
                    """)
            try FailPoint.before("schema.make")
        }
        return migrator
    }
}
