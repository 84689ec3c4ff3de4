import CLinux
import EngineErrors
import Glibc
import LinuxSystem

/// The per-container monitor's main program.
///
/// The daemon starts it with two sockets: 3 listens for later daemons and for whoever attaches, 4 is the first
/// connection, on which the `create` message comes.
public enum Shim {
    public static func main() {
        signal(SIGPIPE, SIG_IGN)
        // Never the container's victim, nor its own memory's reader.
        _ = gantry_hide_process("gantry-shim")
        // Between a container that uses the processors up and its log.
        gantry_take_short_turns()
        for descriptor in Int32(3)...4 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        do throws(Errno) {
            try Supervisor(listening: 3, first: 4).loop.run()
        } catch {
            let text = Array("gantry-shim: \(error)\n".utf8)
            text.withUnsafeBytes { bytes in try? Files.writeAll(2, bytes) }
            exit(1)
        }
        exit(0)
    }
}
