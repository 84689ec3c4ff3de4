import CLinux
import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem
import ShimProtocol

/// What the log driver's own thread does: it alone ever calls the driver.
enum LogThread {
    static func run(_ fields: Fields, _ queue: LogQueue, _ bell: Bell, _ opening: Opening) {
        gantry_take_short_turns()
        let driver: any LogDriver
        do throws(EngineError) { driver = try open(fields) } catch {
            opening.end(.failure(error), bell)
            return
        }
        opening.end(.success(()), bell)
        guard case .begin(let former) = opening.waitForAnswer() else { return driver.close() }
        former?.queue.end(within: LogPump.patience, closed: false)
        former?.bell.ring()
        while let lines = queue.next() {
            // A driver that fails loses them: the container must not stop for its log.
            do { try lines.withBuffer { try driver.write(LogBatch(raw: $0)) } } catch { queue.lose(lines.count) }
            bell.ring()
        }
        try? driver.flush()
        queue.written()
        driver.close()
        former?.queue.end(within: LogPump.patience)
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

/// How a log thread's first step ended, and what its creator makes of that.
final class Opening: Sendable {
    typealias Former = (queue: LogQueue, bell: Bell)
    enum Answer: Sendable {
        case begin(after: Former?), giveUp
    }
    private struct State {
        var result: Result<Void, EngineError>?
        var answer: Answer?
    }
    /// ns of the monotonic clock.
    let deadline: Int64
    private let state = WaitingLock(State())

    init(deadline: Int64) { self.deadline = deadline }

    // The thread's side.

    func end(_ result: Result<Void, EngineError>, _ bell: Bell) {
        state.withLock { $0.result = result }
        state.wakeOne()
        bell.ring()
    }

    func waitForAnswer() -> Answer { state.wait(woken: { _ in }) { $0.answer } }

    // Its creator's.

    /// nil: it did not end in time, and is given up.
    func wait() -> Result<Void, EngineError>? {
        state.wait(until: deadline, woken: { _ in }) { state -> Result<Void, EngineError>?? in
            if let result = state.result { return .some(result) }
            guard monotonicTime() >= deadline else { return nil }
            state.answer = .giveUp
            return .some(nil)
        }
    }

    func answer(_ answer: Answer) {
        state.withLock { $0.answer = answer }
        state.wakeOne()
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
