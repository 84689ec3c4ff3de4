import DriverHost
import LinuxSystem

/// The engine's threads for system calls that block.
enum BlockingWork {
    static func run<R: Sendable>(caller: StaticString = #function, _ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await BlockingPool.shared.run(caller: caller, body)
    }

    /// Runs `body` on a thread of its own, for it waits for a client, while this task feeds it from `next`. Nothing is
    /// read ahead but one chunk.
    static func consume<R: Sendable>(
        _ next: @Sendable () async throws -> [UInt8]?, _ body: @escaping @Sendable (Handover) throws -> R
    ) async throws -> R {
        let handover = Handover()
        async let result = taking(handover, body)
        do {
            while let chunk = try await next() { if await !handover.give(chunk) { break } }
            handover.end()
        } catch {
            handover.end(error)
        }
        return try await result
    }

    private static func taking<R: Sendable>(_ handover: Handover, _ body: @escaping @Sendable (Handover) throws -> R) async throws -> R {
        // Also when there is no thread to take anything: then `give` would wait for ever.
        defer { handover.abandon() }
        return try await OwnThread.run {
            defer { handover.abandon() }
            return try body(handover)
        }
    }
}
