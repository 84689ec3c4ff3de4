public import DriverKit
import Glibc

@c(gantry_driver_entry_v1)
public func entry(_ host: HostRef, _ error: ErrorRef) -> DriverRef {
    Driver.export(host, error, .log("none", version: "1.0.0", summary: "No log: lines go to attached clients only", capabilities: [.concurrent]) { _ in NoLog() })
}

/// Forgets every line.
final class NoLog: LogDriver {
    func write(_ batch: LogBatch) throws {}

    func read(_ query: LogQuery, _ body: (LogBatch) -> Bool) throws {
        throw DriverError(ENOTSUP, "the log driver none keeps no lines to read")
    }
}
