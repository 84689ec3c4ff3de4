import EngineErrors
import Synchronization

/// A value that is made once, by whoever asks first; the others wait. A failure is told to all who wait and then
/// forgotten: the next one tries again.
final class SharedResult<Value: Sendable>: Sendable {
    private struct State {
        var task: Task<Result<Value, EngineError>, Never>?
        var value: Value?
        var failure: String?
    }

    private let state = Mutex(State())

    /// What was made, if it was.
    var ready: Value? { state.withLock { $0.value } }
    /// Why the last try failed.
    var failure: String? { state.withLock { $0.failure } }

    func value(_ make: @escaping @Sendable () async throws(EngineError) -> Value) async throws(EngineError) -> Value {
        let task = state.withLock { state in
            if let task = state.task { return task }
            let task = Task.detached {
                let result: Result<Value, EngineError>
                do throws(EngineError) { result = .success(try await make()) } catch { result = .failure(error) }
                self.keep(result)
                return result
            }
            state.task = task
            return task
        }
        return try await task.value.get()
    }

    private func keep(_ result: Result<Value, EngineError>) {
        state.withLock { state in
            switch result {
            case .success(let value):
                state.value = value
                state.failure = nil
            case .failure(let error):
                state.failure = error.message
                state.task = nil
            }
        }
    }
}
