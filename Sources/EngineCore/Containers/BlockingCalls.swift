import DriverHost
import EngineErrors

/// Blocking system calls, off Swift's own few threads.
enum BlockingCalls {
    static func run<R: Sendable>(caller: StaticString = #function, _ body: @escaping @Sendable () throws -> R) async throws(EngineError) -> R {
        do { return try await BlockingPool.shared.run(caller: caller, body) } catch { throw EngineError.wrapping(error) }
    }
}
