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
    /// Set to leave `run`.
    var isFinished = false
    /// Called once at that time (ns of the monotonic clock), unless it is taken away before.
    var alarm: (time: Int64, handler: () -> Void)?

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
        control(EPOLL_CTL_DEL, descriptor, 0)
    }

    func run() {
        var events = [epoll_event](repeating: epoll_event(), count: 32)
        while !isFinished {
            let count = epoll_wait(epoll.raw, &events, 32, untilAlarm)
            if let due = alarm, monotonicTime() >= due.time {
                alarm = nil
                due.handler()
            }
            guard count > 0 else { continue }
            for event in events[..<Int(count)] { handlers[event.data.fd]?(event.events) }
        }
    }

    /// Milliseconds; -1: there is none.
    private var untilAlarm: Int32 {
        guard let alarm else { return -1 }
        return Int32(clamping: max(0, (alarm.time - monotonicTime() + 999_999) / 1_000_000))
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ events: UInt32) {
        var event = epoll_event(events: events, data: epoll_data_t(fd: descriptor))
        epoll_ctl(epoll.raw, operation, descriptor, &event)
    }
}
