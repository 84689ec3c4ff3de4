public import EngineCore
public import Logging
import NIOHTTP1
public import ServiceLifecycle

/// Metrics on an address of their own, where nothing else is served.
public struct MetricsServer: Service {
    private let transport: ServerTransport
    private let logger: Logger

    /// - Parameters:
    ///   - api: whose requests are counted, and `clients` its connections.
    public init(listener: Listener, api: HTTPServer, system: any SystemService, clients: ClientTable, logger: Logger) {
        self.logger = logger
        var router = Router()
        MetricsRoutes(system: system, clients: clients, counts: api.counts).add(to: &router)
        transport = ServerTransport(
            listeners: [listener], handler: router, commonHeaders: ["Server": "Gantry/\(HTTPServer.engineVersion) (linux)"], clients: ClientTable(limit: 64), logger: logger,
            patience: { 1 })
    }

    public func run() async throws { try await transport.run { [logger] addresses in for address in addresses { logger.info("metrics listen on \(address)") } } }
}
