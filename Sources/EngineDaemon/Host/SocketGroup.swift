import EngineErrors
import Glibc

/// The group that may use the unix socket, and with it is root on this host.
enum SocketGroup {
    /// - Parameter name: a name or a number; "": "docker" if that group exists, else "gantry", else root.
    static func id(_ name: String) throws(EngineError) -> gid_t {
        if name.isEmpty { return lookUp("docker") ?? lookUp("gantry") ?? 0 }
        if let known = lookUp(name) ?? gid_t(name) { return known }
        throw EngineError(.invalidArgument, "the group \"\(name)\" does not exist; make it with groupadd or choose another with --group")
    }

    private static func lookUp(_ name: String) -> gid_t? { getgrnam(name)?.pointee.gr_gid }
}
