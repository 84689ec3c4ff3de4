import CLinux
import Glibc
import LinuxSystem
import Synchronization

/// A network namespace that is made ahead of its container. Making one waits while the kernel takes another down
/// (`pernet_ops_rwsem`, Linux 6.18), which costs a start right behind an end several milliseconds.
final class SpareNetwork: Sendable {
    private let descriptor = Mutex<Int32>(-1)

    init() { refill() }

    deinit { if let spare = take() { close(spare) } }

    /// The caller owns it; nil: there is none at this moment.
    func take() -> Int32? {
        descriptor.withLock { spare in
            defer { spare = -1 }
            return spare < 0 ? nil : spare
        }
    }

    /// Returns at once. Without the right to make namespaces there is never a spare one.
    func refill() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        // A thread of its own: whoever makes a namespace is in it from then on.
        let started = pthread_create(
            &thread, nil,
            { context in
                gantry_name_thread("spare-network")
                Unmanaged<SpareNetwork>.fromOpaque(context!).takeRetainedValue().make()
                return nil
            }, context.toOpaque())
        if started == 0 { pthread_detach(thread) } else { context.release() }
    }

    private func make() {
        guard descriptor.withLock({ $0 < 0 }), unshare(CLONE_NEWNET) == 0 else { return }
        guard let file = try? Files.open("/proc/thread-self/ns/net", O_RDONLY) else { return }
        let made = file.take()
        let isSurplus = descriptor.withLock { spare in
            if spare >= 0 { return true }
            spare = made
            return false
        }
        if isSurplus { close(made) }
    }
}
