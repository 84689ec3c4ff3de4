import CLinux
import Glibc
import LinuxSystem
import Synchronization

/// One thread that reads the connections to all shims and hands on what comes.
final class ShimReactor: Sendable {
    static let shared = ShimReactor()

    private let epoll: Int32
    private let connections = Mutex<[Int32: ShimConnection]>([:])

    private init() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(epoll >= 0, "epoll_create1 fails only without descriptors, and this is the start")
        let code = OwnThread.start("shims") { self.run() }
        precondition(code == 0, "no thread for the shims' connections")
    }

    func add(_ connection: ShimConnection) {
        connections.withLock { $0[connection.descriptor] = connection }
        var event = epoll_event(events: UInt32(EPOLLIN.rawValue), data: epoll_data_t(fd: connection.descriptor))
        epoll_ctl(epoll, EPOLL_CTL_ADD, connection.descriptor, &event)
    }

    /// Before the descriptor is closed.
    func remove(_ connection: ShimConnection) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, connection.descriptor, nil)
        connections.withLock { $0[connection.descriptor] = nil }
    }

    private func run() -> Never {
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        while true {
            let count = epoll_wait(epoll, &events, 64, -1)
            guard count > 0 else { continue }
            for event in events[..<Int(count)] {
                let descriptor = event.data.fd
                connections.withLock { $0[descriptor] }?.readable()
            }
        }
    }
}
