import CLinux
import Glibc

/// A thread that runs one closure and is waited for.
public final class JoinableThread: Sendable {
    private final class Work {
        let name: String
        let body: () -> Void
        init(_ name: String, _ body: @escaping () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private let thread: pthread_t

    /// Starts at once; `name` is for `ps`, up to 15 bytes.
    public init(_ name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        let context = Unmanaged.passRetained(Work(name, body)).toOpaque()
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let work = Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
                gantry_name_thread(work.name)
                work.body()
                return nil
            }, context)
        self.thread = thread
        guard code != 0 else { return }
        Unmanaged<Work>.fromOpaque(context).release()
        throw Errno(code, "start a thread")
    }

    /// Blocks until the closure has returned. Once, and not on the thread itself.
    public func join() { pthread_join(thread, nil) }

    /// Nobody will wait for it: instead of `join`.
    public func detach() { pthread_detach(thread) }
}
