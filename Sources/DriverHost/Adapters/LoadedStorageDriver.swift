import CDriverABI
public import DriverKit
public import EngineErrors

/// A storage driver's instance behind the contract, as the protocol its author wrote. Calls block.
public final class LoadedStorageDriver: StorageDriver, Sendable {
    private let table: gantry_storage_vtable
    private let handle: InstanceHandle

    public init(_ driver: LoadedDriver, _ context: OpenContext) throws(EngineError) {
        table = driver.kind == .storage ? readSized(driver.table, over: gantry_storage_vtable()) : gantry_storage_vtable()
        handle = try InstanceHandle(driver, context, expecting: .storage, open: table.open, close: table.close, cancel: table.cancel)
    }

    public func prepare(_ key: String, parent: String) throws -> [Mount] {
        try key.withC { key in
            try parent.withC { parent in
                try collectMounts { sink, context, error in table.prepare!(handle.pointer, key, parent, sink, context, error) }
            }
        }
    }

    public func view(_ key: String, parent: String) throws -> [Mount] {
        try key.withC { key in
            try parent.withC { parent in
                try collectMounts { sink, context, error in table.view!(handle.pointer, key, parent, sink, context, error) }
            }
        }
    }

    public func mounts(_ key: String) throws -> [Mount] {
        try key.withC { key in try collectMounts { sink, context, error in table.mounts!(handle.pointer, key, sink, context, error) } }
    }

    public func commit(_ key: String, as name: String) throws {
        try key.withC { key in
            try name.withC { name in try check { table.commit!(handle.pointer, key, name, $0) } }
        }
    }

    public func remove(_ key: String) throws {
        try key.withC { key in try check { table.remove!(handle.pointer, key, $0) } }
    }

    public func usage(_ key: String) throws -> Usage {
        var usage = gantry_usage()
        try key.withC { key in try check { table.usage!(handle.pointer, key, &usage, $0) } }
        return try Usage(usage).plausible()
    }

    public func walk(_ body: (Snapshot) -> Bool) throws {
        try withSink(body) { context in
            try check { error in
                table.walk!(handle.pointer, { pass($0, $1, $2) { Snapshot($0) } }, context, error)
            }
        }
    }

    public func cancel() { handle.cancel() }
    public func close() { handle.close() }
}
