import CDriverABI
import Glibc

private typealias Instance = any LogDriver

extension DriverExport {
    /// A log driver. `open` makes one instance for a container, or for a reader of its log.
    public static func log(
        _ name: String, version: String, summary: String, capabilities: DriverCapabilities = [], options: [DriverOption] = [],
        _ open: @escaping @Sendable (OpenContext) throws -> any LogDriver
    ) -> DriverExport {
        DriverExport(
            kind: GANTRY_KIND_LOG, name: name, version: version, summary: summary, options: options, objectOptions: [],
            factory: Box<@Sendable (OpenContext) throws -> any LogDriver>.retained(knowing(options, of: name, open)), table: UnsafeRawPointer(forever(logTable(capabilities))))
    }
}

private func logTable(_ capabilities: DriverCapabilities) -> gantry_log_vtable {
    var table = gantry_log_vtable()
    table.size = UInt32(MemoryLayout<gantry_log_vtable>.size)
    table.caps = capabilities.rawValue
    table.open = { open($0, $1, $2, $3, as: Instance.self) }
    table.close = {
        unboxed($0, as: Instance.self).close()
        releaseBox($0, of: Instance.self)
    }
    table.write = { instance, lines, count, error in
        call(error) { try unboxed(instance, as: Instance.self).write(LogBatch(raw: UnsafeBufferPointer(start: lines, count: count))) }
    }
    table.flush = { instance, error in call(error) { try unboxed(instance, as: Instance.self).flush() } }
    table.read = { instance, query, sink, context, error in
        call(error) {
            let query = LogQuery(readSized(query!, over: gantry_log_query()))
            try unboxed(instance, as: Instance.self).read(query) { sink!(context, $0.raw.baseAddress, $0.raw.count) == 0 }
        }
    }
    table.remove = { instance, error in call(error) { try unboxed(instance, as: Instance.self).remove() } }
    table.cancel = { unboxed($0, as: Instance.self).cancel() }
    return table
}

extension LogDriver {
    /// For drivers without `.read`.
    public func read(_ query: LogQuery, _ body: (LogBatch) -> Bool) throws {
        throw DriverError(ENOTSUP, "this log driver does not support reading")
    }
}
