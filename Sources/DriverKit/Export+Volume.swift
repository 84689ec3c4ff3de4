import CDriverABI

private typealias Instance = any VolumeDriver

extension DriverExport {
    /// A volume driver. `open` makes the daemon's one instance; `objectOptions` are those of a volume.
    public static func volume(
        _ name: String, version: String, summary: String, capabilities: DriverCapabilities = [], options: [DriverOption] = [],
        objectOptions: [DriverOption] = [], _ open: @escaping @Sendable (OpenContext) throws -> any VolumeDriver
    ) -> DriverExport {
        DriverExport(
            kind: GANTRY_KIND_VOLUME, name: name, version: version, summary: summary, options: options, objectOptions: objectOptions,
            factory: Box<@Sendable (OpenContext) throws -> any VolumeDriver>.retained(knowing(options, of: name, open)),
            table: UnsafeRawPointer(forever(volumeTable(capabilities))))
    }
}

private func volumeTable(_ capabilities: DriverCapabilities) -> gantry_volume_vtable {
    var table = gantry_volume_vtable()
    table.size = UInt32(MemoryLayout<gantry_volume_vtable>.size)
    table.caps = capabilities.rawValue
    table.open = { open($0, $1, $2, $3, as: Instance.self) }
    table.close = {
        unboxed($0, as: Instance.self).close()
        releaseBox($0, of: Instance.self)
    }
    table.create = { instance, name, options, count, error in
        call(error) { try unboxed(instance, as: Instance.self).create(name.string, options: dictionary(options, count)) }
    }
    table.remove = { instance, name, error in call(error) { try unboxed(instance, as: Instance.self).remove(name.string) } }
    table.mount = { instance, name, user, sink, context, error in
        call(error) { deliver(try unboxed(instance, as: Instance.self).mount(name.string, user: user.string), sink, context) }
    }
    table.unmount = { instance, name, user, error in
        call(error) { try unboxed(instance, as: Instance.self).unmount(name.string, user: user.string) }
    }
    table.usage = { instance, name, result, error in
        call(error) { result!.pointee = (try unboxed(instance, as: Instance.self).usage(name.string)).raw }
    }
    table.walk = { instance, sink, context, error in
        call(error) {
            try unboxed(instance, as: Instance.self).walk { volume in
                let arena = Arena()
                return withExtendedLifetime(arena) {
                    var raw = volume.raw(arena)
                    return sink!(context, &raw, 1) == 0
                }
            }
        }
    }
    table.cancel = { unboxed($0, as: Instance.self).cancel() }
    return table
}
