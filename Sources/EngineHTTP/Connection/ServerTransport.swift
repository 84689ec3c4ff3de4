import EngineErrors
import Glibc
import LinuxSystem
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import ServiceLifecycle

/// Listens, and runs a connection handler for each client.
final class ServerTransport: Sendable {
    private let listeners: [Listener]
    private let handler: any RequestHandler
    private let commonHeaders: HTTPHeaders
    private let clients: ClientTable
    private let logger: Logger
    private let patience: @Sendable () -> Int?

    /// - Parameter patience: seconds that requests under way get at the end; nil: as long as they take.
    init(
        listeners: [Listener], handler: any RequestHandler, commonHeaders: HTTPHeaders, clients: ClientTable, logger: Logger,
        patience: @escaping @Sendable () -> Int?
    ) {
        self.listeners = listeners
        self.handler = handler
        self.commonHeaders = commonHeaders
        self.clients = clients
        self.logger = logger
        self.patience = patience
    }

    /// Serves until its task is cancelled or the service group shuts down.
    func run(onReady: @Sendable ([String]) -> Void) async throws {
        var channels: [any Channel] = []
        do {
            for listener in listeners { channels.append(try await bind(listener)) }
        } catch {
            await close(channels)
            removeSockets()
            throw error
        }
        onReady(listeners.map(Self.name))
        try? await gracefulShutdown()
        removeSockets()
        await close(channels)
        await clients.end(within: patience())
        // Of requests that were given up. Their tasks may still answer: the loops run on until the process ends.
        for client in clients.all { client.channel.close(promise: nil) }
    }

    /// Of all servers of the process. Never shut down.
    private static let group = {
        NIOSingletons.groupLoopCountSuggestion = 2
        return MultiThreadedEventLoopGroup.singleton
    }()

    /// Before they are closed: later on the path may be another daemon's.
    private func removeSockets() {
        for case .unix(let path, _, _) in listeners.map(\.address) { unlink(path) }
    }

    private func close(_ channels: [any Channel]) async {
        for channel in channels { try? await channel.close().get() }
    }

    private static func name(_ listener: Listener) -> String {
        switch listener.address {
        case .unix(let path, _, _): "unix://\(path)"
        case .bound(_, let name): name
        }
    }

    private func bind(_ listener: Listener) async throws -> any Channel {
        let tls = listener.tls
        let handler = handler, headers = commonHeaders, clients = clients, logger = logger
        let bootstrap = ServerBootstrap(group: Self.group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard clients.add(channel, peer: Peer.describe(channel)) else {
                        logger.warning("a client was turned away: too many connections are in use", metadata: ["peer": "\(Peer.describe(channel))"])
                        throw TooManyConnections()
                    }
                    channel.closeFuture.whenComplete { _ in clients.remove(channel) }
                    let pipeline = channel.pipeline.syncOperations, timer = HeadTimer()
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    try pipeline.addHandler(timer)
                    try pipeline.addHandler(HTTPResponseEncoder())
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes)))
                    try pipeline.addHandler(ConnectionHandler(handler: handler, commonHeaders: headers, clients: clients, timer: timer))
                }
            }
        switch listener.address {
        case .unix(let path, let mode, let group):
            return try await bootstrap.withBoundSocket(UnixListener.open(path, mode: mode, group: group)).get()
        case .bound(let descriptor, let name):
            guard listen(descriptor, 1024) == 0 else { throw EngineError(.unavailable, "can't listen on \(name): \(Errno(errno))") }
            return try await bootstrap.withBoundSocket(descriptor).get()
        }
    }
}

private struct TooManyConnections: Error {}
