import CDriverABI

private typealias Instance = any StorageDriver

extension DriverExport {
    /// A storage driver. `open` makes the daemon's one instance.
    public static func storage(
        _ name: String, version: String, summary: String, capabilities: DriverCapabilities = [], options: [DriverOption] = [],
        _ open: @escaping @Sendable (OpenContext) throws -> any StorageDriver
    ) -> DriverExport {
        DriverExport(
            kind: GANTRY_KIND_STORAGE, name: name, version: version, summary: summary, options: options, objectOptions: [],
            factory: Box<@Sendable (OpenContext) throws -> any StorageDriver>.retained(knowing(options, of: name, open)),
            table: UnsafeRawPointer(forever(storageTable(capabilities))))
    }
}

private func storageTable(_ capabilities: DriverCapabilities) -> gantry_storage_vtable {
    var table = gantry_storage_vtable()
    table.size = UInt32(MemoryLayout<gantry_storage_vtable>.size)
    table.caps = capabilities.rawValue
    table.open = { open($0, $1, $2, $3, as: Instance.self) }
    table.close = {
        unboxed($0, as: Instance.self).close()
        releaseBox($0, of: Instance.self)
    }
    table.prepare = { instance, key, parent, sink, context, error in
        call(error) { deliver(try unboxed(instance, as: Instance.self).prepare(key.string, parent: parent.string), sink, context) }
    }
    table.view = { instance, key, parent, sink, context, error in
        call(error) { deliver(try unboxed(instance, as: Instance.self).view(key.string, parent: parent.string), sink, context) }
    }
    table.mounts = { instance, key, sink, context, error in
        call(error) { deliver(try unboxed(instance, as: Instance.self).mounts(key.string), sink, context) }
    }
    table.commit = { instance, key, name, error in
        call(error) { try unboxed(instance, as: Instance.self).commit(key.string, as: name.string) }
    }
    table.remove = { instance, key, error in call(error) { try unboxed(instance, as: Instance.self).remove(key.string) } }
    table.usage = { instance, key, result, error in
        call(error) { result!.pointee = (try unboxed(instance, as: Instance.self).usage(key.string)).raw }
    }
    table.walk = { instance, sink, context, error in
        call(error) {
            try unboxed(instance, as: Instance.self).walk { snapshot in
                let arena = Arena()
                return withExtendedLifetime(arena) {
                    var raw = snapshot.raw(arena)
                    return sink!(context, &raw, 1) == 0
                }
            }
        }
    }
    table.cancel = { unboxed($0, as: Instance.self).cancel() }
    return table
}

/// All the mounts in one call of the sink.
func deliver(_ mounts: [Mount], _ sink: gantry_mount_sink?, _ context: UnsafeMutableRawPointer?) {
    if mounts.isEmpty { return }
    let arena = Arena()
    withExtendedLifetime(arena) { _ = sink!(context, arena.array(mounts.map { $0.raw(arena) }), mounts.count) }
}
