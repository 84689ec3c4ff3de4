@_exported public import CDriverABI
import Glibc

/// The C types of the entry point's signature.
public typealias HostRef = UnsafePointer<gantry_host>?
public typealias ErrorRef = UnsafeMutablePointer<gantry_error>?
public typealias DriverRef = UnsafePointer<gantry_driver>?

/// What a driver's image offers to the engine. A driver is a conformance and one function:
///
///     public import DriverKit
///
///     @c(gantry_driver_entry_v1)
///     public func entry(_ host: HostRef, _ error: ErrorRef) -> DriverRef {
///         Driver.export(host, error, .log("ring", version: "1.0.0", summary: "Keeps lines in memory", Ring.init))
///     }
public enum Driver {
    /// Severity of a message to the engine's own log.
    public enum Level: Int32, Sendable { case debug = 0, info, warning, error }

    // Written by the entry point, before any instance exists, and never again.
    nonisolated(unsafe) private static var host: gantry_host?

    /// What the one exported function returns. The memory is never freed: an image is never unloaded.
    public static func export(_ host: HostRef, _ error: ErrorRef, _ driver: DriverExport) -> DriverRef {
        let offered = host.map { readSized($0, over: gantry_host()) }
        guard let offered, offered.abi_version >> 16 == GANTRY_ABI_MAJOR else {
            let version = (offered?.abi_version ?? 0) >> 16
            _ = error?.set(DriverError(EPROTO, "\(driver.name) needs driver ABI \(GANTRY_ABI_MAJOR).x, the engine offers \(version).x"))
            return nil
        }
        if self.host == nil { self.host = offered }
        return UnsafePointer(forever(driver.descriptor(forever: Unmanaged.passRetained(Arena()).takeUnretainedValue())))
    }

    /// Tells the engine's log. From any thread.
    public static func log(_ level: Level, _ message: String) {
        guard let host, let write = host.log else { return }
        message.withC { write(host.context, level.rawValue, $0) }
    }
}

/// One driver: its description, and its functions in C.
public struct DriverExport {
    let kind: Int
    let name, version, summary: String
    let options, objectOptions: [DriverOption]
    let factory: UnsafeMutableRawPointer
    let table: UnsafeRawPointer

    func descriptor(forever arena: Arena) -> gantry_driver {
        var raw = gantry_driver()
        raw.size = UInt32(MemoryLayout<gantry_driver>.size)
        raw.abi_version = GANTRY_ABI_MAJOR << 16 | GANTRY_ABI_MINOR
        raw.kind = UInt32(kind)
        raw.name = arena.bytes(name)
        raw.version = arena.bytes(version)
        raw.summary = arena.bytes(summary)
        raw.factory = factory
        raw.vtable = table
        (raw.options, raw.option_count) = (arena.array(options.map { $0.raw(arena) }), options.count)
        (raw.object_options, raw.object_option_count) = (arena.array(objectOptions.map { $0.raw(arena) }), objectOptions.count)
        return raw
    }
}

/// `open`, for those who open with no other options than the declared ones.
func knowing<T>(_ declared: [DriverOption], of name: String, _ open: @escaping @Sendable (OpenContext) throws -> T) -> @Sendable (OpenContext) throws -> T {
    let known = Set(declared.map(\.name))
    return { context in
        if let unknown = context.options.keys.sorted().first(where: { !known.contains($0) }) {
            throw DriverError(DriverError.invalidArgument, "the driver \(name) has no option \"\(unknown)\"; it has \(known.isEmpty ? "none" : known.sorted().joined(separator: ", "))")
        }
        return try open(context)
    }
}

/// Memory that is never freed.
func forever<T>(_ value: T) -> UnsafeMutablePointer<T> {
    let pointer = UnsafeMutablePointer<T>.allocate(capacity: 1)
    pointer.initialize(to: value)
    return pointer
}

/// A C function pointer can't capture a type, so the functions are written once for `any <Kind>Driver`, and the
/// address of this box is the `gantry_instance *` (or the `factory`).
final class Box<Value> {
    let value: Value
    init(_ value: Value) { self.value = value }

    static func retained(_ value: Value) -> UnsafeMutableRawPointer { Unmanaged.passRetained(Box(value)).toOpaque() }
}

@inline(__always)
func unboxed<T>(_ pointer: UnsafeMutableRawPointer?, as type: T.Type) -> T {
    Unmanaged<Box<T>>.fromOpaque(pointer!).takeUnretainedValue().value
}

@inline(__always)
func unboxed<T>(_ pointer: OpaquePointer?, as type: T.Type) -> T { unboxed(UnsafeMutableRawPointer(pointer), as: type) }

func releaseBox<T>(_ pointer: OpaquePointer?, of type: T.Type) { Unmanaged<Box<T>>.fromOpaque(UnsafeRawPointer(pointer!)).release() }

/// Runs a driver's method: a thrown error goes into `error` and its code is the result.
@inline(__always)
func call(_ error: ErrorRef, _ body: () throws -> Void) -> Int32 {
    do {
        try body()
        return 0
    } catch let failure {
        return error?.set(failure) ?? DriverError.wrapping(failure).code
    }
}

/// Opens an instance and gives its box away.
func open<T>(
    _ factory: UnsafeMutableRawPointer?, _ arguments: UnsafePointer<gantry_open_args>?,
    _ result: UnsafeMutablePointer<OpaquePointer?>?, _ error: ErrorRef, as type: T.Type
) -> Int32 {
    call(error) {
        guard let arguments, let result else { throw DriverError(EINVAL, "open was called without arguments") }
        let opener = unboxed(factory, as: (@Sendable (OpenContext) throws -> T).self)
        result.pointee = OpaquePointer(Box<T>.retained(try opener(OpenContext(arguments))))
    }
}
