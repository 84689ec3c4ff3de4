import Glibc

/// Signals of this process as a stream: a thread waits for them, so no handler runs in the middle of something.
enum Signals {
    /// Blocks the signals in this thread and all that it starts later, and hands each one to `body`.
    /// Call before any other thread is started.
    static func forward(_ numbers: [Int32], _ body: @escaping @Sendable (Int32) -> Void) {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        Thread.start {
            var set = sigset_t()
            sigemptyset(&set)
            for number in numbers { sigaddset(&set, number) }
            while true {
                var number: Int32 = 0
                if sigwait(&set, &number) == 0 { body(number) }
            }
        }
    }

    /// What `run` hands on to the container.
    static let proxied: [Int32] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCONT, SIGALRM]

    private static let names: [Int32: String] = [
        SIGHUP: "HUP", SIGINT: "INT", SIGQUIT: "QUIT", SIGTERM: "TERM", SIGUSR1: "USR1", SIGUSR2: "USR2", SIGCONT: "CONT",
        SIGALRM: "ALRM",
    ]

    static func name(_ number: Int32) -> String { names[number] ?? String(number) }
}
