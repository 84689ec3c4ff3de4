import EngineErrors
import Glibc
import LinuxSystem

/// The file with our process id, for people and scripts. Removed when its owner goes.
struct Pidfile: ~Copyable {
    let path: String

    /// - Throws: `.conflict` when it names another daemon that lives.
    init(_ path: String) throws(EngineError) {
        if let pid = Self.owner(path), pid != getpid(), Self.isDaemon(pid) {
            throw EngineError(
                .conflict, "failed to start the daemon, make sure gantryd is not running or delete \(path): process with PID \(pid) is still running")
        }
        do throws(Errno) {
            try Files.makeDirectories(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]), mode: 0o755)
            try Files.replace(path, with: Array("\(getpid())".utf8))
        } catch {
            throw EngineError(.unavailable, "the pidfile can't be written: \(error)", errno: error.code)
        }
        self.path = path
    }

    deinit {
        if Self.owner(path) == getpid() { unlink(path) }
    }

    private static func owner(_ path: String) -> pid_t? {
        guard let bytes = try? Files.read(path) else { return nil }
        return pid_t(String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self)).flatMap { $0 > 0 ? $0 : nil }
    }

    /// A process by the name of our program. Any other got the number after the daemon, killed or without power, had left
    /// its file behind.
    private static func isDaemon(_ pid: pid_t) -> Bool {
        guard let name = try? Files.read("/proc/\(pid)/comm") else { return false }
        return name == (try? Files.read("/proc/self/comm"))
    }
}
