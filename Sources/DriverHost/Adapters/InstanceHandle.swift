import CDriverABI
import DriverKit
import EngineErrors
import Glibc
import Synchronization

/// One open instance of a driver. It is closed once: when told, or when its owner goes.
final class InstanceHandle: Sendable {
    typealias Open =
        @convention(c) (
            UnsafeMutableRawPointer?, UnsafePointer<gantry_open_args>?, UnsafeMutablePointer<OpaquePointer?>?, UnsafeMutablePointer<gantry_error>?
        ) -> Int32
    typealias Function = @convention(c) (OpaquePointer?) -> Void

    // The driver's own memory; who may call when is the contract of `DriverInstance`.
    nonisolated(unsafe) let pointer: OpaquePointer
    private let closeFunction: Function
    private let cancelFunction: Function?
    // Held during `cancel`, so that it never meets an instance that is gone.
    private let isClosed = Mutex(false)

    init(
        _ driver: LoadedDriver, _ context: OpenContext, expecting kind: DriverKind, open: Open?, close: Function?, cancel: Function?
    ) throws(EngineError) {
        guard driver.kind == kind, let open, let close else {
            throw EngineError(.invalidArgument, "\(driver.path) holds a \(driver.kind) driver and can't be opened as a \(kind) driver")
        }
        var result: OpaquePointer?
        let arena = Arena()
        do throws(DriverError) {
            var arguments = context.raw(arena)
            try check { open(driver.factory, &arguments, &result, $0) }
        } catch { throw EngineError(error, of: driver.description) }
        withExtendedLifetime(arena) {}
        guard let result else { throw EngineError(.driverFailed, "\(driver.kind) driver \(driver.name): opening gave no instance") }
        pointer = result
        closeFunction = close
        cancelFunction = cancel
    }

    /// From any thread.
    func cancel() {
        guard let cancelFunction else { return }
        isClosed.withLock { if !$0 { cancelFunction(pointer) } }
    }

    func close() {
        let isFirst = isClosed.withLock { closed in
            defer { closed = true }
            return !closed
        }
        if isFirst { closeFunction(pointer) }
    }

    deinit { close() }
}

/// Appends what a sink receives to the array behind `context`.
func collect<Raw, Value>(
    _ context: UnsafeMutableRawPointer?, _ start: UnsafePointer<Raw>?, _ count: Int, _ make: (Raw) -> Value?
) -> Int32 {
    let list = context!.assumingMemoryBound(to: [Value].self)
    for element in UnsafeBufferPointer(start: start, count: count) {
        if let value = make(element) { list.pointee.append(value) }
    }
    return 0
}

/// Passes what a sink receives to the closure behind `context`, until that says no.
func pass<Raw, Value>(
    _ context: UnsafeMutableRawPointer?, _ start: UnsafePointer<Raw>?, _ count: Int, _ make: (Raw) -> Value?
) -> Int32 {
    let body = context!.assumingMemoryBound(to: ((Value) -> Bool).self).pointee
    for element in UnsafeBufferPointer(start: start, count: count) {
        if let value = make(element), !body(value) { return 1 }
    }
    return 0
}

/// Calls `call` with the address of `body`, as a sink's context.
func withSink<Argument>(_ body: (Argument) -> Bool, _ call: (UnsafeMutableRawPointer) throws -> Void) rethrows {
    try withoutActuallyEscaping(body) { escaping in
        var box: (Argument) -> Bool = escaping
        try withUnsafeMutablePointer(to: &box) { try call(UnsafeMutableRawPointer($0)) }
    }
}
