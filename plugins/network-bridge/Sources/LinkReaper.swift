import DriverKit
import Glibc
import LinuxNetlink
import LinuxSystem
import Synchronization

/// Deletes links aside. The kernel lets RCU readers drain before it answers, 15 to 40 ms each time and without its
/// network lock, and nobody has to wait for that.
final class LinkReaper: Sendable {
    private static let workers = 8
    private struct State {
        var names: [String] = []
        /// What a worker deletes just now.
        var current: Set<String> = []
        var running = 0
    }
    private let state = Mutex(State())
    /// The namespace that the links are in, whatever thread does the work.
    private let namespace: OwnedFD

    init() throws { namespace = try Files.open("/proc/thread-self/ns/net", O_RDONLY) }

    func delete(_ name: String) {
        let wanted = state.withLock { state in
            state.names.append(name)
            guard state.running < Self.workers else { return false }
            state.running += 1
            return true
        }
        if wanted && OwnThread.start(nil, { self.work() }) != 0 { work() }
    }

    /// Returns when a link of that name is not about to be deleted: one that is made now is another.
    func settle(_ name: String) {
        while state.withLock({ $0.current.contains(name) || $0.names.contains(name) }) { usleep(1000) }
    }

    /// Returns when nothing is left to do.
    func drain() {
        while state.withLock({ $0.running > 0 }) { usleep(1000) }
    }

    private func work() {
        do {
            try NetworkNamespace.enter(namespace.raw) {
                var route = try RouteSocket()
                while let name = next() {
                    defer { state.withLock { _ = $0.current.remove(name) } }
                    try route.perform([.delete(.name(name))], ignoring: [ENODEV])
                }
            }
        } catch {
            Driver.log(.warning, "an interface of an ended container stays until the next start of the daemon: \(error)")
            state.withLock { $0.running -= 1 }
        }
    }

    /// nil: the worker ends.
    private func next() -> String? {
        state.withLock { state in
            if let name = state.names.popLast() {
                state.current.insert(name)
                return name
            }
            state.running -= 1
            return nil
        }
    }
}
