import CLinux
import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem
import ShimProtocol

/// What the log driver's own thread does: it alone ever calls the driver.
enum LogThread {
    /// - Parameter begin: called when the driver is open.
    static func run(_ fields: Fields, _ queue: LogQueue, _ bell: Bell, _ opening: Opening, _ begin: () -> Void) {
        let driver: any LogDriver
        do throws(EngineError) { driver = try open(fields) } catch {
            opening.end(.failure(error))
            return
        }
        guard opening.end(.success(())) else { return driver.close() }
        begin()
        while let lines = queue.next() {
            // A driver that fails loses them: the container must not stop for its log.
            do { try lines.withBuffer { try driver.write(LogBatch(raw: $0)) } } catch { queue.lose(lines.count) }
            bell.ring()
        }
        try? driver.flush()
        driver.close()
        queue.finished()
    }

    private static func open(_ fields: Fields) throws(EngineError) -> any LogDriver {
        let context = OpenContext(
            name: fields.string(.logName), stateDirectory: fields.string(.logState), mark: fields.string(.mark),
            options: pairs(fields.strings(.logOption)), labels: pairs(fields.strings(.logLabel)))
        let path = fields.string(.logDriver), checks = fields.flag(.checksOwnership), host = fields.string(.logHost)
        if host.isEmpty { return try LoadedLogDriver(Loader.load(path, checksOwnership: checks), context) }
        return try HostedLogDriver(program: host, path: path, checksOwnership: checks, context)
    }

    /// "key=value".
    private static func pairs(_ texts: [String]) -> [String: String] {
        var result: [String: String] = [:]
        for text in texts {
            guard let sign = text.firstIndex(of: "=") else { continue }
            result[String(text[..<sign])] = String(text[text.index(after: sign)...])
        }
        return result
    }
}

/// How a thread's first step ended.
final class Opening: Sendable {
    private struct State {
        var result: Result<Void, EngineError>?
        var isGivenUp = false
    }
    private let state = WaitingLock(State())

    /// - Returns: false: nobody waits any more.
    @discardableResult
    func end(_ result: Result<Void, EngineError>) -> Bool {
        state.withLock {
            $0.result = result
            state.wakeOne()
            return !$0.isGivenUp
        }
    }

    /// nil: it did not end.
    func wait(seconds: Int64) -> Result<Void, EngineError>? {
        let deadline = monotonicTime() + seconds * 1_000_000_000
        return state.wait(until: deadline, woken: { _ in }) { state -> Result<Void, EngineError>?? in
            if let result = state.result { return .some(result) }
            state.isGivenUp = monotonicTime() >= deadline
            return state.isGivenUp ? .some(nil) : nil
        }
    }
}

/// Wakes the event loop from another thread.
final class Bell: Sendable {
    private let file: OwnedFD
    var descriptor: Int32 { file.raw }

    init() throws(Errno) { file = OwnedFD(adopting: try Errno.check("eventfd", eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK)))) }

    func ring() { eventfd_write(file.raw, 1) }

    func answer() {
        var count: UInt64 = 0
        eventfd_read(file.raw, &count)
    }
}
