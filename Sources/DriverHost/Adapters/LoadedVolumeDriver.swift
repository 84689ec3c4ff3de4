import CDriverABI
public import DriverKit
public import EngineErrors
import Glibc

/// A volume driver's instance behind the contract, as the protocol its author wrote. Calls block.
public final class LoadedVolumeDriver: VolumeDriver, Sendable {
    private let table: gantry_volume_vtable
    private let handle: InstanceHandle

    public init(_ driver: LoadedDriver, _ context: OpenContext) throws(EngineError) {
        table = driver.kind == .volume ? readSized(driver.table, over: gantry_volume_vtable()) : gantry_volume_vtable()
        handle = try InstanceHandle(driver, context, expecting: .volume, open: table.open, close: table.close, cancel: table.cancel)
    }

    public func create(_ name: String, options: [String: String]) throws {
        let arena = Arena()
        try withExtendedLifetime(arena) {
            let pairs = arena.pairs(options)
            try name.withC { name in try check { table.create!(handle.pointer, name, pairs, options.count, $0) } }
        }
    }

    public func remove(_ name: String) throws {
        try name.withC { name in try check { table.remove!(handle.pointer, name, $0) } }
    }

    public func mount(_ name: String, user: String) throws -> [Mount] {
        try name.withC { name in
            try user.withC { user in
                try collectMounts { sink, context, error in table.mount!(handle.pointer, name, user, sink, context, error) }
            }
        }
    }

    public func unmount(_ name: String, user: String) throws {
        try name.withC { name in
            try user.withC { user in try check { table.unmount!(handle.pointer, name, user, $0) } }
        }
    }

    public func usage(_ name: String) throws -> Usage {
        guard let usage = table.usage else { throw DriverError(ENOTSUP, "the driver of volume \(name) does not measure volumes") }
        var result = gantry_usage()
        try name.withC { name in try check { usage(handle.pointer, name, &result, $0) } }
        return try Usage(result).plausible()
    }

    public func walk(_ body: (Volume) -> Bool) throws {
        try withSink(body) { context in
            try check { error in table.walk!(handle.pointer, { pass($0, $1, $2) { Volume($0) } }, context, error) }
        }
    }

    public func cancel() { handle.cancel() }
    public func close() { handle.close() }
}
