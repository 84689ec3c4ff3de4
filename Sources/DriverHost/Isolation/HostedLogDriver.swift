public import DriverKit
public import EngineErrors
import Glibc

/// A log driver in a process of its own.
public final class HostedLogDriver: LogDriver, Sendable {
    private let instance: HostedInstance

    init(_ instance: HostedInstance) { self.instance = instance }

    /// Starts a process for one container's log. Blocks.
    /// - Parameters:
    ///   - program: the executable `gantry-driver-host`.
    ///   - path: of the driver's file.
    ///   - deadline: seconds after which a call that hangs fails, and the process is started again.
    public init(program: String, path: String, checksOwnership: Bool, _ context: OpenContext, deadline: Int = 60) throws(EngineError) {
        let launch = HostLaunch(program: program, path: path, checksOwnership: checksOwnership, deadline: deadline)
        let file = String(path.split(separator: "/").last ?? "")
        do {
            instance = try HostedInstance("the log driver in \(file)", launch, context) { Loader.standardError(file, 2, "\($0); it is started again") }
        } catch { throw error as? EngineError ?? EngineError(.driverFailed, "log driver \(file): \(error)") }
    }

    public func write(_ batch: LogBatch) throws { _ = try instance.call(.write) { $0.put(LogLines(batch)) } }
    public func flush() throws { _ = try instance.call(.flush) { _ in } }
    public func remove() throws { _ = try instance.call(.remove) { _ in } }

    public func read(_ query: LogQuery, _ body: (LogBatch) -> Bool) throws {
        try withoutActuallyEscaping(body) { body in _ = try instance.call(.read, lines: body) { $0.put(query) } }
    }

    public func cancel() { instance.cancel() }
    public func close() { instance.close() }
}
