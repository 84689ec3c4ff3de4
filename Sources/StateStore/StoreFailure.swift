import EngineErrors
import GRDB
import Glibc
import LinuxSystem

/// SQLite's result codes as the engine's.
enum StoreFailure {
    static func engineError(_ error: any Error) -> EngineError {
        if let failure = error as? Errno {
            return EngineError(failure.code == ENOSPC ? .resourceExhausted : .unavailable, "the state could not be saved: \(failure)", errno: failure.code)
        }
        guard let failure = error as? DatabaseError else { return EngineError.wrapping(error) }
        let reason = failure.message ?? "\(failure.resultCode)"
        switch failure.resultCode {
        case .SQLITE_FULL:
            return EngineError(.resourceExhausted, "the state could not be saved: the disk is full", underlying: error)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return EngineError(.dataCorrupted, "the state database is damaged (\(reason)); restart the daemon to set it aside", underlying: error)
        case .SQLITE_MISUSE:
            return EngineError(.unavailable, "the state database is closed", underlying: error)
        default:
            return EngineError(.unavailable, "the state database failed: \(reason)", underlying: error)
        }
    }
}
