import CDriverABI
public import DriverKit
public import EngineErrors

/// A network driver's instance behind the contract, as the protocol its author wrote. Calls block.
public final class LoadedNetworkDriver: NetworkDriver, Sendable {
    private let table: gantry_network_vtable
    private let handle: InstanceHandle

    public init(_ driver: LoadedDriver, _ context: OpenContext) throws(EngineError) {
        table = driver.kind == .network ? readSized(driver.table, over: gantry_network_vtable()) : gantry_network_vtable()
        handle = try InstanceHandle(driver, context, expecting: .network, open: table.open, close: table.close, cancel: table.cancel)
    }

    public func createNetwork(_ network: NetworkSpecification) throws {
        let arena = Arena()
        try withExtendedLifetime(arena) {
            var arguments = network.raw(arena)
            try check { table.create_network!(handle.pointer, &arguments, $0) }
        }
    }

    public func removeNetwork(_ id: String) throws {
        try id.withC { id in try check { table.remove_network!(handle.pointer, id, $0) } }
    }

    public func join(_ endpoint: EndpointSpecification, netns: Int32) throws -> [NetworkInterface] {
        let arena = Arena()
        var interfaces: [NetworkInterface] = []
        try withExtendedLifetime(arena) {
            var arguments = endpoint.raw(arena)
            try withUnsafeMutablePointer(to: &interfaces) { list in
                try check { error in
                    table.join!(handle.pointer, &arguments, netns, { collect($0, $1, $2) { NetworkInterface($0) } }, list, error)
                }
            }
        }
        return interfaces
    }

    public func leave(network: String, endpoint: String) throws {
        try network.withC { network in
            try endpoint.withC { endpoint in try check { table.leave!(handle.pointer, network, endpoint, $0) } }
        }
    }

    public func walk(_ body: (NetworkObject) -> Bool) throws {
        try withSink(body) { context in
            try check { error in table.walk!(handle.pointer, { pass($0, $1, $2) { NetworkObject($0) } }, context, error) }
        }
    }

    public func cancel() { handle.cancel() }
    public func close() { handle.close() }
}
