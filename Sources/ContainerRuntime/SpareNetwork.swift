import CLinux
import Glibc
import LinuxSystem
import Synchronization

/// A network namespace that is made ahead of its container. Making one waits while the kernel takes another down
/// (`pernet_ops_rwsem`, Linux 6.18), which costs a start right behind an end several milliseconds.
final class SpareNetwork: Sendable {
    private let spare = Mutex<OwnedFD?>(nil)

    init() { refill() }

    /// nil: there is none at this moment.
    func take() -> OwnedFD? { spare.withLock { $0.take() } }

    /// Returns at once. Without the right to make namespaces there is never a spare one.
    func refill() {
        // A thread of its own: whoever makes a namespace is in it from then on.
        _ = OwnThread.start("spare-network") { self.make() }
    }

    private func make() {
        guard spare.withLock({ $0 == nil }), unshare(CLONE_NEWNET) == 0 else { return }
        var made = try? Files.open("/proc/thread-self/ns/net", O_RDONLY)
        spare.withLock { if $0 == nil { swap(&$0, &made) } }
    }
}
