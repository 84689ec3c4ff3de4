import CLinux
import Glibc
import LinuxSystem
import Synchronization

/// One thread that reads the connections to all shims and hands on what comes.
final class ShimReactor: Sendable {
    static let shared = ShimReactor()

    private let loop = EpollLoop()
    private let connections = Mutex<[Int32: ShimConnection]>([:])

    private init() { loop.start("shims", ready: ready, tick: expire) }

    /// All that are open.
    var all: [ShimConnection] { connections.withLock { Array($0.values) } }

    func add(_ connection: ShimConnection) {
        connections.withLock { $0[connection.descriptor] = connection }
        loop.add(connection.descriptor)
    }

    /// Whether it is to be told when there is room for what it has to send.
    func watch(_ connection: ShimConnection, forRoom: Bool) { loop.watch(connection.descriptor, forRoom: forRoom) }

    /// Before the descriptor is closed.
    func remove(_ connection: ShimConnection) {
        loop.remove(connection.descriptor)
        connections.withLock { $0[connection.descriptor] = nil }
    }

    /// Someone waits for an answer: its deadline is looked after.
    func attend() { loop.attend() }

    private func ready(_ event: epoll_event) {
        guard let connection = connections.withLock({ $0[event.data.fd] }) else { return }
        if event.events & UInt32(EPOLLOUT.rawValue) != 0 { connection.writable() }
        if event.events & ~UInt32(EPOLLOUT.rawValue) != 0 { connection.readable() }
    }

    private func expire() -> Bool {
        let now = monotonicTime()
        var isWaiting = false
        for connection in all where connection.expire(now) { isWaiting = true }
        return isWaiting
    }
}
