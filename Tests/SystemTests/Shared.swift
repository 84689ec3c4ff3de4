import Glibc
import TestSupport
import Testing

/// One daemon for the tests that need no daemon of their own.
enum Shared {
    nonisolated(unsafe) static let engine: Engine = {
        let engine = Engine(number: 1)
        engine.start()
        engine.importBusybox()
        // Drivers are loaded and folders made now, so that no test counts them as its leak.
        engine.gantry("run", "-d", "--name", "warm", "-p", "127.0.0.1::80", "-v", "/data", "busybox", "sleep", "1000")
        engine.gantry("exec", "warm", "true")
        engine.gantry("logs", "warm")
        engine.gantry("rm", "-f", "-v", "warm")
        atexit { Shared.engine.discard() }
        return engine
    }()

    /// Real containers need root. `make test` says so with GANTRY_TEST_ROOT; then missing root is a failure, not a skip.
    static let isRoot: Bool = {
        if geteuid() != 0 && getenv("GANTRY_TEST_ROOT") != nil { Issue.record("the system tests need root") }
        return geteuid() == 0
    }()
}
