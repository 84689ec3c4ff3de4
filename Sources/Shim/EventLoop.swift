import CLinux
import Glibc
import LinuxSystem

/// One thread, one epoll: a handler for each descriptor.
final class EventLoop {
    typealias Handler = (_ events: UInt32) -> Void

    static let readable = UInt32(EPOLLIN.rawValue)
    static let writable = UInt32(EPOLLOUT.rawValue)
    static let hungUp = UInt32(EPOLLHUP.rawValue) | UInt32(EPOLLERR.rawValue)

    private struct Watch {
        let handler: Handler
        /// Events that were taken from the kernel together with the one that closed its descriptor carry another number
        /// than the next that gets the descriptor.
        let number: UInt32
        var interest: UInt32
    }

    private let epoll: OwnedFD
    private var watches: [Int32: Watch] = [:]
    private var number: UInt32 = 0
    private var limits: [Int32: (time: Int64, body: () -> Void)] = [:]
    /// Set to leave `run`.
    var isFinished = false

    init() throws(Errno) {
        epoll = OwnedFD(adopting: try Errno.check("epoll_create", epoll_create1(Int32(EPOLL_CLOEXEC))))
    }

    func add(_ descriptor: Int32, _ events: UInt32, _ handler: @escaping Handler) {
        number &+= 1
        watches[descriptor] = Watch(handler: handler, number: number, interest: events)
        control(EPOLL_CTL_ADD, descriptor)
    }

    func set(_ descriptor: Int32, _ events: UInt32) {
        guard let old = watches[descriptor]?.interest, old != events else { return }
        watches[descriptor]?.interest = events
        control(EPOLL_CTL_MOD, descriptor)
    }

    /// Before the descriptor is closed.
    func remove(_ descriptor: Int32) {
        guard watches[descriptor] != nil else { return }
        control(EPOLL_CTL_DEL, descriptor)
        watches[descriptor] = nil
        limits[descriptor] = nil
    }

    /// Calls `body` once at that time (ns of the monotonic clock), unless the descriptor is removed, or its limit is set
    /// anew, before.
    func limit(_ descriptor: Int32, until time: Int64, _ body: @escaping () -> Void) { limits[descriptor] = (time, body) }

    func run() {
        var events = [epoll_event](repeating: epoll_event(), count: 32)
        while !isFinished {
            let count = epoll_wait(epoll.raw, &events, 32, patience)
            for event in events[..<Int(max(count, 0))] {
                let descriptor = Int32(truncatingIfNeeded: event.data.u64), number = UInt32(event.data.u64 >> 32)
                if let watch = watches[descriptor], watch.number == number { watch.handler(event.events) }
            }
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
        for descriptor in Array(limits.keys) {
            // One that went before may have removed it.
            guard let limit = limits[descriptor], limit.time <= now else { continue }
            limits[descriptor] = nil
            limit.body()
        }
    }

    private func control(_ operation: Int32, _ descriptor: Int32) {
        guard let watch = watches[descriptor] else { return }
        var event = epoll_event(events: watch.interest, data: epoll_data_t(u64: UInt64(watch.number) << 32 | UInt64(UInt32(descriptor))))
        epoll_ctl(epoll.raw, operation, descriptor, &event)
    }
}
