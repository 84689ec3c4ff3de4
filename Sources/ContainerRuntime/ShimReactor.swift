import CLinux
import Glibc
import LinuxSystem
import Synchronization

/// One thread that reads the connections to all shims and hands on what comes.
final class ShimReactor: Sendable {
    static let shared = ShimReactor()

    private let epoll: Int32
    private let ticker = Ticker()
    private let connections = Mutex<[Int32: ShimConnection]>([:])

    private init() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(epoll >= 0, "epoll_create1 fails only without descriptors, and this is the start")
        var event = epoll_event(events: UInt32(EPOLLIN.rawValue), data: epoll_data_t(fd: ticker.descriptor))
        epoll_ctl(epoll, EPOLL_CTL_ADD, ticker.descriptor, &event)
        let code = OwnThread.start("shims") { self.run() }
        precondition(code == 0, "no thread for the shims' connections")
    }

    /// All that are open.
    var all: [ShimConnection] { connections.withLock { Array($0.values) } }

    func add(_ connection: ShimConnection) {
        connections.withLock { $0[connection.descriptor] = connection }
        var event = epoll_event(events: UInt32(EPOLLIN.rawValue), data: epoll_data_t(fd: connection.descriptor))
        epoll_ctl(epoll, EPOLL_CTL_ADD, connection.descriptor, &event)
    }

    /// Whether it is to be told when there is room for what it has to send.
    func watch(_ connection: ShimConnection, forRoom: Bool) {
        let events = UInt32(EPOLLIN.rawValue) | (forRoom ? UInt32(EPOLLOUT.rawValue) : 0)
        var event = epoll_event(events: events, data: epoll_data_t(fd: connection.descriptor))
        epoll_ctl(epoll, EPOLL_CTL_MOD, connection.descriptor, &event)
    }

    /// Before the descriptor is closed.
    func remove(_ connection: ShimConnection) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, connection.descriptor, nil)
        connections.withLock { $0[connection.descriptor] = nil }
    }

    /// Someone waits for an answer: its deadline is looked after.
    func attend() { ticker.arm() }

    private func run() -> Never {
        EpollLoop.run(epoll) { event in
            let descriptor = event.data.fd
            if descriptor == ticker.descriptor { return expire() }
            guard let connection = connections.withLock({ $0[descriptor] }) else { return }
            if event.events & UInt32(EPOLLOUT.rawValue) != 0 { connection.writable() }
            if event.events & ~UInt32(EPOLLOUT.rawValue) != 0 { connection.readable() }
        }
    }

    private func expire() {
        ticker.take()
        let now = monotonicTime()
        var isWaiting = false
        for connection in all where connection.expire(now) { isWaiting = true }
        if isWaiting { ticker.arm() }
    }
}
