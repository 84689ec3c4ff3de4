import Glibc

/// Passes chunks from a task to a thread that blocks for them, one at a time: nothing is read ahead of the thread but
/// the one chunk that waits.
///
/// `@unchecked Sendable`: every access to the state happens with the mutex held.
public final class Handover: @unchecked Sendable {
    private enum State {
        case empty
        case chunk([UInt8], CheckedContinuation<Bool, Never>)
        case ended((any Error)?)
        case abandoned
    }
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var state = State.empty

    public init() {
        mutex = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Returns when the thread has taken the chunk. - Returns: false when the thread wants no more.
    public func give(_ chunk: [UInt8]) async -> Bool {
        await withCheckedContinuation { continuation in
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            if case .abandoned = state {
                continuation.resume(returning: false)
                return
            }
            state = .chunk(chunk, continuation)
            pthread_cond_signal(changed)
        }
    }

    /// No more chunks: the end, or why there is none.
    public func end(_ error: (any Error)? = nil) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if case .abandoned = state { return }
        state = .ended(error)
        pthread_cond_signal(changed)
    }

    /// Blocks until there is a chunk. - Returns: nil at the end. - Throws: the giver's error.
    public func take() throws -> [UInt8]? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            switch state {
            case .empty: pthread_cond_wait(changed, mutex)
            case .chunk(let bytes, let giver):
                state = .empty
                giver.resume(returning: true)
                return bytes
            case .ended(let error?): throw error
            case .ended(nil), .abandoned: return nil
            }
        }
    }

    /// The thread wants no more; a waiting giver goes on.
    public func abandon() {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if case .chunk(_, let giver) = state { giver.resume(returning: false) }
        state = .abandoned
    }
}
