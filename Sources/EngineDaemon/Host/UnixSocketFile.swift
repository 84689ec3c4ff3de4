import EngineErrors
import Glibc
import LinuxSystem

/// Makes the way free for a unix socket: its folder, and the file that a killed daemon left.
enum UnixSocketFile {
    /// - Throws: `.conflict` when somebody listens there, or when the file is no socket.
    static func prepare(_ path: String) throws(EngineError) {
        do throws(Errno) {
            try Files.makeDirectories(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]), mode: 0o755)
        } catch {
            throw EngineError(.unavailable, "the folder of the socket \(path) can't be made: \(error)", errno: error.code)
        }
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw EngineError(.conflict, "can't listen on unix://\(path): a file that is no socket is there; remove it or choose another --host")
        }
        if isListening(path) {
            throw EngineError(.conflict, "can't listen on unix://\(path): another process listens there; stop it or choose another --host")
        }
        unlink(path)
    }

    private static func isListening(_ path: String) -> Bool {
        guard let descriptor = try? Errno.check(socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0))
        else { return false }
        let probe = OwnedFD(adopting: descriptor)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(probe.raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // A full queue (EAGAIN) has a listener as well.
        return result == 0 || errno == EAGAIN
    }
}
