import DriverKit
import EngineErrors
import Synchronization

/// Brings calls from tasks to the instances of one driver: on blocking threads, with a deadline, counted, and one after
/// the other for each instance unless the driver says that it doesn't need that.
final class InstanceCalls: Sendable {
    let driver: LoadedDriver
    private let counters: CallCounters
    private let lane: Lane?
    private let limits: CallLimits
    private let cancelDriver: @Sendable () -> Void

    init(_ driver: LoadedDriver, _ counters: CallCounters, _ limits: CallLimits, cancel: @escaping @Sendable () -> Void) {
        self.driver = driver
        self.counters = counters
        self.limits = limits
        cancelDriver = cancel
        lane = driver.capabilities.contains(.concurrent) ? nil : Lane(subject: Self.subject(driver))
    }

    static func subject(_ driver: LoadedDriver) -> String { "the \(driver.kind) driver \(driver.name)" }

    /// - Parameter patience: how many times the usual deadline this call may take.
    func run<R: Sendable>(patience: Int64 = 1, _ body: @escaping @Sendable () throws -> R) async throws(EngineError) -> R {
        if counters.isExhausted { throw Self.exhausted(driver) }
        let driver = driver
        var limits = limits
        limits.deadline *= patience
        let call = DriverCall<R>(limits: limits, events: events, isAlone: lane != nil) {
            do { return .success(try body()) } catch { return .failure(EngineError.wrapping(error, of: driver)) }
        }
        let result: Result<R, EngineError> = await withTaskCancellationHandler {
            await withCheckedContinuation { answer in
                guard call.attach(answer) else {
                    return answer.resume(returning: .failure(EngineError(.cancelled, "the request was cancelled")))
                }
                submit(call)
            }
        } onCancel: {
            call.cancelByCaller()
        }
        return try result.get()
    }

    /// Runs `body` after the calls that came before; nobody waits for it.
    func runLast(_ body: @escaping @Sendable () -> Void) {
        let call = DriverCall<Void>(limits: limits, events: events, isAlone: lane != nil) {
            body()
            return .success(())
        }
        submit(call)
    }

    private func submit(_ call: any PendingCall) {
        if let lane { lane.submit(call) } else { BlockingPool.shared.submit { call.run() } }
    }

    static func exhausted(_ driver: LoadedDriver) -> EngineError {
        EngineError(.unavailable, "\(subject(driver)) is refused: \(CallCounters.hangingLimit) calls of it hang; see what it waits for, then restart the daemon")
    }

    private var events: CallEvents {
        let lane = lane, counters = counters
        return CallEvents(
            cancelDriver: cancelDriver,
            abandoned: {
                lane?.becomeStuck()
                counters.countHanging(1)
                BlockingPool.shared.replaceHungThread(true)
            },
            returned: {
                BlockingPool.shared.replaceHungThread(false)
                counters.countHanging(-1)
                lane?.recover()
            },
            measured: counters.count, subject: Self.subject(driver))
    }
}
