import DriverKit
import EngineErrors
import Glibc
import LinuxSystem
import Synchronization

/// One process that hosts one instance of a driver. Calls block.
final class HostProcess: Sendable {
    /// It ended, or stopped speaking, during a call.
    struct Ended: Error {
        /// "it crashed (Segmentation fault)".
        var how: String
    }

    private struct State {
        /// A socket that no call uses; a second one, for calls at the same time, is not kept.
        var idle: HostSocket?
        /// How it ended; known once somebody waited for it.
        var end: String?
    }

    private let pid: Int32
    /// For the instance itself. One thread at a time, but for `cancel` and `addSocket`, which only send, under `state`.
    private let first: HostSocket
    private let state = Mutex(State())
    /// Seconds for a call; nil: whoever calls sees to that.
    private let deadline: Int?

    init(_ pid: Int32, _ first: HostSocket, deadline: Int?) {
        self.pid = pid
        self.first = first
        self.deadline = deadline
        if let deadline { first.limitWaiting(seconds: deadline) }
    }

    deinit { _ = end(at: .now) }

    var isGone: Bool { first.isBroken }

    /// The first message: the driver was loaded, or why not.
    func greeting(_ path: String) throws -> DriverDescription {
        guard var message = first.receive() else {
            throw Loader.refusal(path, .driverFailed, "\(end(at: .now + .milliseconds(100))) while it was loaded")
        }
        if message.number == HostReply.result.rawValue { return try message.values.get() }
        let code = EngineError.Code(rawValue: try message.values.get()) ?? .driverFailed
        throw EngineError(code, try message.values.get())
    }

    func open(_ context: OpenContext) throws {
        var message = MessageWriter(HostCall.open.rawValue)
        message.put(context)
        _ = try reply(first, message.finished(), nil)
    }

    func cancel() { sendOnly(.cancel) }

    func close() throws { _ = try reply(first, MessageWriter(HostCall.close.rawValue).finished(), nil) }

    /// - Parameters:
    ///   - descriptor: borrowed by the call; -1: none.
    ///   - lines: takes batches of lines; false: enough of them.
    /// - Throws: `DriverError` from the driver, `Ended`.
    func call(_ message: [UInt8], descriptor: Int32, lines: ((LogBatch) -> Bool)?) throws -> MessageReader {
        let socket = try socket()
        do {
            let values = try reply(socket, message, descriptor: descriptor, lines)
            state.withLock { $0.idle = socket }
            return values
        } catch let error as DriverError {
            state.withLock { $0.idle = socket }
            throw error
        }
    }

    private func socket() throws -> HostSocket {
        if let socket = state.withLock({ $0.idle.take() }) { return socket }
        let (mine, theirs) = try HostSocket.pair()
        if let deadline { mine.limitWaiting(seconds: deadline) }
        sendOnly(.addSocket, descriptor: theirs.raw)
        return mine
    }

    private func sendOnly(_ call: HostCall, descriptor: Int32 = -1) {
        let message = MessageWriter(call.rawValue).finished()
        // Whoever is gone is noticed where an answer is wanted.
        state.withLock { _ in try? first.send(message, descriptor: descriptor) }
    }

    private func reply(_ socket: HostSocket, _ message: [UInt8], descriptor: Int32 = -1, _ lines: ((LogBatch) -> Bool)?) throws -> MessageReader {
        do { try socket.send(message, descriptor: descriptor) } catch { throw ended() }
        while var answer = socket.receive() {
            switch HostReply(rawValue: answer.number) {
            case .result: return answer.values
            case .failure: throw try answer.values.get(DriverError.self)
            case .lines:
                var received: LogLines = try answer.values.get()
                let wantsMore = received.withBatch { lines?($0) ?? false }
                do { try socket.send([wantsMore ? 1 : 0]) } catch { throw ended() }
            case nil: throw BrokenMessage()
            }
        }
        throw ended()
    }

    private func ended() -> Ended { Ended(how: end(at: .now + .milliseconds(100))) }

    /// Ends it at once; whoever waits for an answer gets `Ended`.
    func kill() { state.withLock { if $0.end == nil { _ = Glibc.kill(pid, SIGKILL) } } }

    /// Waits for the process, which is ending, and ends it at `time` if it is not.
    /// - Returns: how it ended.
    private func end(at time: ContinuousClock.Instant) -> String {
        state.withLock { state in
            if let end = state.end { return end }
            var status: Int32 = 0
            var isKilled = false
            while true {
                let result = waitpid(pid, &status, isKilled ? 0 : WNOHANG)
                if result == pid { break }
                if result < 0 && errno != EINTR { break }
                if isKilled { continue }
                if ContinuousClock.now >= time {
                    _ = Glibc.kill(pid, SIGKILL)
                    isKilled = true
                } else {
                    usleep(1000)
                }
            }
            let end = Self.describe(status)
            state.end = end
            return end
        }
    }

    private static func describe(_ status: Int32) -> String {
        let signal = status & 0x7f
        if signal == SIGKILL { return "its process was killed" }
        if signal != 0 { return "it crashed (\(String(cString: strsignal(signal))))" }
        return "its process ended with status \(status >> 8 & 0xff)"
    }
}
