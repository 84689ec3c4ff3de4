import CLinux
import Glibc

/// Threads that no pool gives or takes back.
public enum OwnThread {
    private final class Work: Sendable {
        let name: String?
        let body: @Sendable () -> Void

        init(_ name: String?, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }

        func run() {
            if let name { gantry_name_thread(name) }
            body()
        }
    }

    /// Runs `body` on a new thread, which nobody waits for.
    ///
    /// - Parameter name: for `ps` and debuggers, up to 15 bytes; nil: that of the calling thread.
    /// - Returns: 0, or why there is no thread; then `body` is not run.
    public static func start(_ name: String? = nil, _ body: @escaping @Sendable () -> Void) -> Int32 {
        let work = Unmanaged.passRetained(Work(name, body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, work.toOpaque())
        if code == 0 { pthread_detach(thread) } else { work.release() }
        return code
    }

    /// Runs a closure on a thread that ends with it, for work that changes the thread itself (a mount namespace, a
    /// working folder).
    public static func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<R, any Error>) in
            let code = start { continuation.resume(with: Result { try body() }) }
            if code != 0 { continuation.resume(throwing: Errno(code, "start a thread")) }
        }
    }
}
