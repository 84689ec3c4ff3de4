import DriverKit
import EngineErrors
import Synchronization

/// Brings calls from tasks to the instances of one driver: on blocking threads, with a deadline, counted, and one after
/// the other for each instance unless the driver says that it doesn't need that.
final class InstanceCalls: Sendable {
    /// How a call in an instance is ended.
    struct Ending: Sendable {
        /// Asks the call under way to return.
        var cancel: @Sendable () -> Void = {}
        /// The call was given up: makes it return if anything can (an isolated driver's process is ended). At once.
        var abandon: @Sendable () -> Void = {}
    }

    let driver: DriverDescription
    private let counters: CallCounters
    private let lane: Lane?
    private let limits: CallLimits
    private let ending: Ending

    init(_ driver: DriverDescription, _ counters: CallCounters, _ limits: CallLimits, _ ending: Ending = Ending()) {
        self.driver = driver
        self.counters = counters
        self.limits = limits
        self.ending = ending
        lane = driver.capabilities.contains(.concurrent) ? nil : Lane(subject: driver.subject, threads: counters.threads)
    }

    /// - Parameters:
    ///   - operation: the call's name, for people.
    ///   - patience: how many times the usual deadline this call may take.
    func run<R: Sendable>(
        _ operation: String, patience: Int64 = 1, _ body: @escaping @Sendable () throws -> R
    ) async throws(EngineError) -> R {
        if counters.isExhausted { throw Self.exhausted(driver) }
        let driver = driver
        var limits = limits
        limits.deadline = try limits.start.deadline(driver.subject, usual: limits.deadline * patience)
        let call = DriverCall<R>(operation, limits: limits, events: events, isAlone: lane != nil) {
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
        if case .failure(let error) = result, error.code == .deadlineExceeded {
            limits.start.note(late: driver.subject)
            limits.tell(driver, error.message)
        }
        return try result.get()
    }

    /// Runs `body` after the calls that came before; nobody waits for it.
    func runLast(_ body: @escaping @Sendable () -> Void) {
        let call = DriverCall<Void>("close", limits: limits, events: events, isAlone: lane != nil) {
            body()
            return .success(())
        }
        submit(call)
    }

    private func submit(_ call: any PendingCall) {
        if let lane { lane.submit(call) } else { counters.threads.submit { call.run() } }
    }

    static func exhausted(_ driver: DriverDescription) -> EngineError {
        EngineError(
            .unavailable,
            "\(driver.subject) is refused: \(CallCounters.hangingLimit) calls of it hang; see what it waits for, then restart the daemon")
    }

    private var events: CallEvents {
        let lane = lane, counters = counters, abandon = ending.abandon
        return CallEvents(
            cancelDriver: ending.cancel,
            abandoned: {
                abandon()
                lane?.becomeStuck()
                counters.countHanging(1)
                counters.threads.replaceHungThread(true)
            },
            returned: {
                counters.threads.replaceHungThread(false)
                counters.countHanging(-1)
                lane?.recover()
            },
            measured: counters.count, counters: counters, subject: driver.subject)
    }
}
