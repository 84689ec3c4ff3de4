import CLinux
import Glibc

/// State behind a lock, with a place to wait for it to change. For threads, never for tasks.
///
/// The state lives in memory of its own and nobody holds it `inout` across a wait: the compiler takes an `inout` value
/// for unshared, and an optimised build would not see what others changed meanwhile.
public final class WaitingLock<State>: Sendable {
    // Guarded by `lock`; the addresses are stable and are freed with this object.
    nonisolated(unsafe) private let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
    nonisolated(unsafe) private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    nonisolated(unsafe) private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    public init(_ state: sending State) {
        self.state.initialize(to: state)
        pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(lock)
        condition.deallocate()
        lock.deallocate()
        state.deinitialize(count: 1)
        state.deallocate()
    }

    public func withLock<R>(_ body: (inout State) -> R) -> R {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body(&state.pointee)
    }

    public func wakeOne() { pthread_cond_signal(condition) }

    /// Looks at the state until `look` has a result. Between two looks it gives the lock up and sleeps, until somebody
    /// wakes this thread or until `deadline` (ns of the monotonic clock; nil: for ever); then it tells `woken`.
    public func wait<R>(until deadline: Int64? = nil, woken: (inout State) -> Void, _ look: (inout State) -> R?) -> R {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while true {
            if let result = look(&state.pointee) { return result }
            sleep(until: deadline)
            woken(&state.pointee)
        }
    }

    private func sleep(until deadline: Int64?) {
        guard let deadline else {
            pthread_cond_wait(condition, lock)
            return
        }
        var time = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        pthread_cond_timedwait(condition, lock, &time)
    }
}

/// ns of the monotonic clock.
public func monotonicTime() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
}

/// First in, first out; constant time.
public struct Queue<Element> {
    private var elements: [Element?] = []
    private var head = 0

    public init() {}

    public mutating func append(_ element: Element) { elements.append(element) }

    public mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head]
        elements[head] = nil
        head += 1
        if head > 32, head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    public mutating func takeAll() -> [Element] {
        defer { self = Queue() }
        return elements[head...].compactMap { $0 }
    }
}
