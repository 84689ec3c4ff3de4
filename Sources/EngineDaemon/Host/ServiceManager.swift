import Glibc
import LinuxSystem

/// What systemd and we tell each other through the environment. See sd_notify(3) and sd_listen_fds(3).
enum ServiceManager {
    /// Does nothing when nobody wants to know.
    /// - Parameter waits: up to 5 s when the manager does not read; else the message is lost.
    static func notify(_ state: String, waits: Bool = true) {
        guard let value = getenv("NOTIFY_SOCKET") else { return }
        let path = String(cString: value)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < 108, path.hasPrefix("/") || path.hasPrefix("@") else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            room.copyBytes(from: path.utf8)
            // A leading @ stands for the abstract name space.
            if room[0] == UInt8(ascii: "@") { room[0] = 0 }
        }
        guard let descriptor = try? Errno.check(socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)) else { return }
        let socket = OwnedFD(adopting: descriptor)
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(socket.raw, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let flags = Int32(MSG_NOSIGNAL) | (waits ? 0 : Int32(MSG_DONTWAIT))
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.utf8.count)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                state.withCString { sendto(socket.raw, $0, strlen($0), flags, target, length) }
            }
        }
    }

    /// A reload begins. `READY=1` ends it.
    static func notifyReloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        notify("RELOADING=1\nMONOTONIC_USEC=\(Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000)")
    }

    /// How often, in µs, it wants to hear from us; nil: it does not care. See sd_watchdog_enabled(3).
    static var watchdogPeriod: Int64? {
        guard let period = variable("WATCHDOG_USEC").flatMap({ Int64($0) }), period > 0 else { return nil }
        guard let pid = variable("WATCHDOG_PID") else { return period }
        return pid_t(pid) == getpid() ? period : nil
    }

    /// Sockets that were opened for us, close-on-exec from now on. A second call finds none.
    static func takeSockets() -> [InheritedSocket] {
        defer { for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) } }
        guard let pid = variable("LISTEN_PID").flatMap({ pid_t($0) }), pid == getpid(),
            let count = variable("LISTEN_FDS").flatMap({ Int32($0) }), count > 0
        else { return [] }
        let names = (variable("LISTEN_FDNAMES") ?? "").split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        return (0..<count).map { index in
            let descriptor = 3 + index
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            return InheritedSocket(descriptor: descriptor, name: Int(index) < names.count ? names[Int(index)] : "")
        }
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
