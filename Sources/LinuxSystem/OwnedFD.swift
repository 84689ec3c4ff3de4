import Glibc

/// A descriptor with one owner: closed once, when its owner goes.
public struct OwnedFD: ~Copyable, Sendable {
    /// Borrowed: valid as long as this value lives.
    public let raw: Int32

    /// Takes ownership of `raw`, which must be open.
    public init(adopting raw: Int32) { self.raw = raw }

    deinit { _ = Glibc.close(raw) }

    /// Gives the descriptor away; the caller closes it.
    public consuming func take() -> Int32 {
        let value = raw
        discard self
        return value
    }

    /// Another descriptor of the same open file, close-on-exec.
    public borrowing func duplicate() throws(Errno) -> OwnedFD {
        OwnedFD(adopting: try Errno.check(fcntl(raw, F_DUPFD_CLOEXEC, 3)))
    }
}
