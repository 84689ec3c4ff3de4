import CLinux
import Glibc
import LinuxSystem

/// A thread that waits for descriptors to be ready. It ticks about once a second while anybody waits for an answer.
final class EpollLoop: Sendable {
    private let epoll: Int32
    private let ticker = Ticker()

    init() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(epoll >= 0, "epoll_create1 fails only without descriptors, and this is the start")
        add(ticker.descriptor)
    }

    /// For good. The closures run on the thread and must not block.
    /// - Parameter tick: gives up who waits too long; returns whether others still wait.
    func start(_ name: String, ready: @escaping @Sendable (epoll_event) -> Void, tick: @escaping @Sendable () -> Bool) {
        let code = OwnThread.start(name) { self.run(ready, tick) }
        precondition(code == 0, "no thread for the shims' connections")
    }

    func add(_ descriptor: Int32) { control(EPOLL_CTL_ADD, descriptor) }

    /// Whether room for what is to be sent counts too.
    func watch(_ descriptor: Int32, forRoom: Bool) { control(EPOLL_CTL_MOD, descriptor, forRoom ? UInt32(EPOLLOUT.rawValue) : 0) }

    /// Before the descriptor is closed.
    func remove(_ descriptor: Int32) { control(EPOLL_CTL_DEL, descriptor) }

    /// Somebody begins to wait.
    func attend() { ticker.arm() }

    private func control(_ operation: Int32, _ descriptor: Int32, _ events: UInt32 = 0) {
        var event = epoll_event(events: UInt32(EPOLLIN.rawValue) | events, data: epoll_data_t(fd: descriptor))
        epoll_ctl(epoll, operation, descriptor, &event)
    }

    private func run(_ ready: (epoll_event) -> Void, _ tick: () -> Bool) -> Never {
        // No array: of one, an optimised build leaves a copy behind at each turn of a loop that never ends.
        let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: 64)
        while true {
            let count = epoll_wait(epoll, events.baseAddress, Int32(events.count), -1)
            guard count > 0 else { continue }
            for event in events[..<Int(count)] {
                guard event.data.fd == ticker.descriptor else {
                    ready(event)
                    continue
                }
                ticker.take()
                if tick() { ticker.arm() }
            }
        }
    }
}
