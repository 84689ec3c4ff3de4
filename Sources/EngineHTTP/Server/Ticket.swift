import Synchronization

/// One answer that one task waits for. The first answer counts; it may come before the waiting starts.
final class Ticket<Value: Sendable>: Sendable {
    private enum State {
        case open
        case waiting(CheckedContinuation<Value, Never>)
        case answered(Value)
        case finished
    }

    private let state = Mutex(State.open)

    /// Nobody needs an answer any more.
    var isSettled: Bool {
        state.withLock { state in
            switch state {
            case .open, .waiting: false
            case .answered, .finished: true
            }
        }
    }

    func answer(_ value: Value) {
        let waiting = state.withLock { state -> CheckedContinuation<Value, Never>? in
            switch state {
            case .open: state = .answered(value)
            case .waiting(let continuation):
                state = .finished
                return continuation
            case .answered, .finished: break
            }
            return nil
        }
        waiting?.resume(returning: value)
    }

    /// To be called once. `cancelled` is the answer when the task is cancelled first.
    func value(cancelled: Value) async -> Value {
        await withTaskCancellationHandler {
            await withCheckedContinuation { wait($0) }
        } onCancel: {
            answer(cancelled)
        }
    }

    private func wait(_ continuation: CheckedContinuation<Value, Never>) {
        let answer = state.withLock { state -> Value? in
            if case .answered(let value) = state {
                state = .finished
                return value
            }
            state = .waiting(continuation)
            return nil
        }
        if let answer { continuation.resume(returning: answer) }
    }
}
