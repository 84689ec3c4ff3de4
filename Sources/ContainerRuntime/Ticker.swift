import CLinux
import Glibc
import LinuxSystem
import Synchronization

/// A clock for an event loop: it ticks about once a second while anybody waits for something, and else not at all.
final class Ticker: Sendable {
    let descriptor: Int32
    private let isArmed = Mutex(false)

    init() {
        descriptor = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC | TFD_NONBLOCK))
        precondition(descriptor >= 0, "timerfd_create fails only without descriptors, and this is the start")
    }

    /// Somebody begins to wait.
    func arm() {
        isArmed.withLock { isArmed in
            if isArmed { return }
            isArmed = true
            var time = itimerspec()
            time.it_value.tv_sec = 1
            timerfd_settime(descriptor, 0, &time, nil)
        }
    }

    /// It ticked. Look then who waits too long, and arm it again if others still wait.
    func take() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
        isArmed.withLock { $0 = false }
    }
}
