import CLinux
import Glibc
import LinuxSystem

/// One thread, one epoll: a handler for each descriptor.
final class EventLoop {
    typealias Handler = (_ events: UInt32) -> Void

    static let readable = UInt32(EPOLLIN.rawValue)
    static let writable = UInt32(EPOLLOUT.rawValue)
    static let hungUp = UInt32(EPOLLHUP.rawValue) | UInt32(EPOLLERR.rawValue)

    private let epoll: OwnedFD
    private var handlers: [Int32: Handler] = [:]
    private var interests: [Int32: UInt32] = [:]
    private var limits: [Int32: (time: Int64, body: () -> Void)] = [:]
    /// Set to leave `run`.
    var isFinished = false

    init() throws(Errno) {
        epoll = OwnedFD(adopting: try Errno.check("epoll_create", epoll_create1(Int32(EPOLL_CLOEXEC))))
    }

    func add(_ descriptor: Int32, _ events: UInt32, _ handler: @escaping Handler) {
        handlers[descriptor] = handler
        interests[descriptor] = events
        control(EPOLL_CTL_ADD, descriptor, events)
    }

    func set(_ descriptor: Int32, _ events: UInt32) {
        guard let old = interests[descriptor], old != events else { return }
        interests[descriptor] = events
        control(EPOLL_CTL_MOD, descriptor, events)
    }

    /// Before the descriptor is closed.
    func remove(_ descriptor: Int32) {
        guard handlers.removeValue(forKey: descriptor) != nil else { return }
        interests[descriptor] = nil
        limits[descriptor] = nil
        control(EPOLL_CTL_DEL, descriptor, 0)
    }

    /// Calls `body` once at that time (ns of the monotonic clock), unless the descriptor is removed, or its limit is set
    /// anew, before.
    func limit(_ descriptor: Int32, until time: Int64, _ body: @escaping () -> Void) { limits[descriptor] = (time, body) }

    func run() {
        var events = [epoll_event](repeating: epoll_event(), count: 32)
        while !isFinished {
            let count = epoll_wait(epoll.raw, &events, 32, patience)
            for event in events[..<Int(max(count, 0))] { handlers[event.data.fd]?(event.events) }
            expire()
        }
    }

    /// Milliseconds until the next limit.
    private var patience: Int32 {
        guard let next = limits.values.map(\.time).min() else { return -1 }
        return Int32(clamping: max(next - monotonicTime(), 0) / 1_000_000 + 1)
    }

    private func expire() {
        let now = limits.isEmpty ? 0 : monotonicTime()
        for (descriptor, limit) in limits where limit.time <= now {
            limits[descriptor] = nil
            limit.body()
        }
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ events: UInt32) {
        var event = epoll_event(events: events, data: epoll_data_t(fd: descriptor))
        epoll_ctl(epoll.raw, operation, descriptor, &event)
    }
}
