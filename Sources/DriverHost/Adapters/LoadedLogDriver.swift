public import CDriverABI
public import DriverKit
public import EngineErrors
import Glibc

/// A log driver's instance behind the contract, as the protocol its author wrote. Calls block; not a thread is made.
public final class LoadedLogDriver: LogDriver, Sendable {
    private let table: gantry_log_vtable
    private let handle: InstanceHandle

    public init(_ driver: LoadedDriver, _ context: OpenContext) throws(EngineError) {
        table = driver.kind == .log ? readSized(driver.table, over: gantry_log_vtable()) : gantry_log_vtable()
        handle = try InstanceHandle(driver, context, expecting: .log, open: table.open, close: table.close, cancel: table.cancel)
    }

    public func write(_ batch: LogBatch) throws(DriverError) { try write(raw: batch.raw) }

    /// The lines as they are, without a copy.
    public func write(raw lines: UnsafeBufferPointer<gantry_log_line>) throws(DriverError) {
        try check { table.write!(handle.pointer, lines.baseAddress, lines.count, $0) }
    }

    public func flush() throws(DriverError) {
        if let flush = table.flush { try check { flush(handle.pointer, $0) } }
    }

    public func read(_ query: LogQuery, _ body: (LogBatch) -> Bool) throws(DriverError) {
        guard let read = table.read else { throw DriverError(ENOTSUP, "this log driver does not support reading") }
        var raw = query.raw
        let failure: DriverError? = withoutActuallyEscaping(body) { escaping in
            var sink: (LogBatch) -> Bool = escaping
            return withUnsafeMutablePointer(to: &sink) { context in
                do throws(DriverError) {
                    try check { error in
                        read(
                            handle.pointer, &raw,
                            { context, lines, count in
                                let body = context!.assumingMemoryBound(to: ((LogBatch) -> Bool).self).pointee
                                return body(LogBatch(raw: UnsafeBufferPointer(start: lines, count: count))) ? 0 : 1
                            }, context, error)
                    }
                    return nil
                } catch { return error }
            }
        }
        if let failure { throw failure }
    }

    public func remove() throws(DriverError) {
        if let remove = table.remove { try check { remove(handle.pointer, $0) } }
    }

    public func cancel() { handle.cancel() }
    public func close() { handle.close() }
}
