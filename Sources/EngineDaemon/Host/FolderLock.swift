import EngineErrors
import Glibc
import LinuxSystem

/// Holds a folder for this process, so that two daemons never share one. The kernel lets go when we end.
struct FolderLock: ~Copyable, Sendable {
    private let file: OwnedFD

    /// - Parameter flag: that chooses the folder.
    /// - Throws: `.conflict` when another process holds it.
    init(_ folder: String, flag: String) throws(EngineError) {
        let opened = try Self.open("\(folder)/lock")
        if flock(opened.raw, LOCK_EX | LOCK_NB) != 0 {
            throw EngineError(.conflict, "another gantryd uses \(folder); stop it, or choose another folder with \(flag)", errno: errno)
        }
        file = opened
    }

    private static func open(_ path: String) throws(EngineError) -> OwnedFD {
        do throws(Errno) { return try Files.open(path, O_RDWR | O_CREAT, mode: 0o600) } catch {
            throw EngineError(.unavailable, "the lock \(path) can't be opened: \(error)", errno: error.code)
        }
    }
}
