import CLinux
import Glibc

/// Runs a closure on a thread that ends with it, for work that changes the thread itself (a mount namespace, a working
/// folder) and that no pool may therefore take back.
public enum OwnThread {
    private final class Work {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    public static func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<R, any Error>) in
            let work = Work { continuation.resume(with: Result { try body() }) }
            let context = Unmanaged.passRetained(work).toOpaque()
            var thread = pthread_t()
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
            let code = pthread_create(
                &thread, &attributes,
                { context in
                    guard let context else { return nil }
                    Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
                    return nil
                }, context)
            pthread_attr_destroy(&attributes)
            guard code != 0 else { return }
            Unmanaged<Work>.fromOpaque(context).release()
            continuation.resume(throwing: Errno(code, "start a thread"))
        }
    }
}
