public import EngineErrors
import Glibc
import LinuxSystem
public import OCISpecs

extension EngineError {
    /// A failed system call while doing `subject`. A full disk keeps its own code.
    static func content(_ error: Errno, _ subject: String, file: String = #fileID, line: Int = #line) -> EngineError {
        let code: Code = error.code == ENOSPC || error.code == EDQUOT ? .resourceExhausted : .internal
        return EngineError(code, "\(subject): \(error)", errno: error.code, underlying: error, file: file, line: line)
    }

    /// Any error while doing `subject`; one that already is an engine error stays what it is.
    static func content(_ error: any Error, _ subject: String, file: String = #fileID, line: Int = #line) -> EngineError {
        (error as? Errno).map { .content($0, subject, file: file, line: line) } ?? .wrapping(error, file: file, line: line)
    }

    /// What a blob holds is not what its name says.
    public static func damagedBlob(_ digest: Digest) -> EngineError {
        EngineError(.dataCorrupted, "blob \(digest) in the content store is damaged; `gantry system check --deep --repair` sets it aside, and then load the image again")
    }
}
