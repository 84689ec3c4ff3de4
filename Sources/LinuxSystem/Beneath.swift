import CLinux
import Glibc

/// A tree seen from its own root: no path leaves it, whatever symbolic links and ".." it holds.
///
/// Absolute links and links that climb end inside, as they would after chroot (openat2(2), `RESOLVE_IN_ROOT`); links of
/// /proc that jump elsewhere are refused. Paths are NUL-ended bytes, so a `String` or a `[CChar]` does.
public struct Beneath: ~Copyable, Sendable {
    private let root: OwnedFD

    /// `root` is an open folder.
    public init(_ root: consuming OwnedFD) { self.root = root }

    public init(opening path: String) throws(Errno) {
        root = try Files.open(path, O_RDONLY | O_DIRECTORY)
    }

    /// The root folder, borrowed.
    public var raw: Int32 { root.raw }

    /// Opens `path` ("." is the root) with `O_*` flags.
    public func open(_ path: UnsafePointer<CChar>, _ flags: Int32, mode: UInt32 = 0) throws(Errno) -> OwnedFD {
        let limits = UInt64(RESOLVE_IN_ROOT) | UInt64(RESOLVE_NO_MAGICLINKS)
        while true {
            let result = gantry_openat2(root.raw, path, UInt64(flags | O_CLOEXEC), UInt64(mode), limits)
            if result >= 0 { return OwnedFD(adopting: result) }
            let code = Glibc.errno
            // EAGAIN: something was renamed meanwhile.
            if code != EINTR && code != EAGAIN { throw Errno(code, "open \(String(cString: path))") }
        }
    }
}
