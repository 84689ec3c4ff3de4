import CDriverABI

private typealias Instance = any NetworkDriver

extension DriverExport {
    /// A network driver. `open` makes the daemon's one instance; `objectOptions` are those of a network.
    public static func network(
        _ name: String, version: String, summary: String, capabilities: DriverCapabilities = [], options: [DriverOption] = [],
        objectOptions: [DriverOption] = [], _ open: @escaping @Sendable (OpenContext) throws -> any NetworkDriver
    ) -> DriverExport {
        DriverExport(
            kind: GANTRY_KIND_NETWORK, name: name, version: version, summary: summary, options: options, objectOptions: objectOptions,
            factory: Box<@Sendable (OpenContext) throws -> any NetworkDriver>.retained(knowing(options, of: name, open)),
            table: UnsafeRawPointer(forever(networkTable(capabilities))))
    }
}

private func networkTable(_ capabilities: DriverCapabilities) -> gantry_network_vtable {
    var table = gantry_network_vtable()
    table.size = UInt32(MemoryLayout<gantry_network_vtable>.size)
    table.caps = capabilities.rawValue
    table.open = { open($0, $1, $2, $3, as: Instance.self) }
    table.close = {
        unboxed($0, as: Instance.self).close()
        releaseBox($0, of: Instance.self)
    }
    table.create_network = { instance, arguments, error in
        call(error) { try unboxed(instance, as: Instance.self).createNetwork(NetworkSpecification(arguments!)) }
    }
    table.remove_network = { instance, id, error in
        call(error) { try unboxed(instance, as: Instance.self).removeNetwork(id.string) }
    }
    table.join = { instance, arguments, netns, sink, context, error in
        call(error) {
            let interfaces = try unboxed(instance, as: Instance.self).join(EndpointSpecification(arguments!), netns: netns)
            if interfaces.isEmpty { return }
            let arena = Arena()
            withExtendedLifetime(arena) { _ = sink!(context, arena.array(interfaces.map { $0.raw(arena) }), interfaces.count) }
        }
    }
    table.leave = { instance, network, endpoint, error in
        call(error) { try unboxed(instance, as: Instance.self).leave(network: network.string, endpoint: endpoint.string) }
    }
    table.walk = { instance, sink, context, error in
        call(error) {
            try unboxed(instance, as: Instance.self).walk { object in
                let arena = Arena()
                return withExtendedLifetime(arena) {
                    var raw = object.raw(arena)
                    return sink!(context, &raw, 1) == 0
                }
            }
        }
    }
    table.cancel = { unboxed($0, as: Instance.self).cancel() }
    return table
}
