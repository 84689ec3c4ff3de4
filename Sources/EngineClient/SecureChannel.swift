import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// TLS for the blocking client: SwiftNIO encrypts between the connection and one end of a socket pair, and the
/// client reads and writes the other end as if it were the connection. Only this case pays for an event loop.
enum SecureChannel {
    /// - Parameter descriptor: a connected TCP socket; ownership moves here.
    /// - Returns: a socket that carries the plain text.
    static func open(over descriptor: Int32, server: String, _ files: Endpoint.Security, _ endpoint: Endpoint) throws(EngineFailure) -> Int32 {
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            _ = close(descriptor)
            throw .broken("socketpair: \(String(cString: strerror(errno)))")
        }
        do {
            let context = try NIOSSLContext(configuration: configuration(files))
            let outer = pair[1]
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let plain = try bootstrap(group) { _ in }.withConnectedSocket(outer).wait()
            let secured = try bootstrap(group) { channel in
                let isAddress = (try? SocketAddress(ipAddress: server, port: 0)) != nil
                let handler = try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : server)
                try channel.pipeline.syncOperations.addHandler(handler)
            }.withConnectedSocket(descriptor).wait()
            let failure = group.next().makePromise(of: Void.self)
            try group.next().submit {
                try secured.pipeline.syncOperations.addHandler(Relay(peer: plain, ready: failure))
                try plain.pipeline.syncOperations.addHandler(Relay(peer: secured, ready: nil))
            }.wait()
            try failure.futureResult.wait()
            try secured.setOption(.autoRead, value: true).and(plain.setOption(.autoRead, value: true)).map { _ in }.wait()
            return pair[0]
        } catch {
            _ = close(pair[0])
            throw .connection(endpoint: endpoint.description, reason: "TLS: \(error)")
        }
    }

    private static func configuration(_ files: Endpoint.Security) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.certificateVerification = files.verifies ? .fullVerification : .none
        if let authority = files.authority { configuration.trustRoots = .file(authority) }
        if let certificate = files.certificate {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
        }
        if let key = files.key { configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)) }
        return configuration
    }

    private static func bootstrap(_ group: MultiThreadedEventLoopGroup, _ add: @escaping @Sendable (any Channel) throws -> Void) -> ClientBootstrap {
        ClientBootstrap(group: group)
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try add(channel) }
            }
    }
}

/// Carries what one channel reads to the other, and reads on when that has been written: a slow side slows the other.
private final class Relay: ChannelDuplexHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let peer: any Channel
    /// Settled when the handshake has ended.
    private let ready: EventLoopPromise<Void>?

    init(peer: any Channel, ready: EventLoopPromise<Void>?) {
        self.peer = peer
        self.ready = ready
    }

    func handlerAdded(context: ChannelHandlerContext) {
        // The handshake needs reads before anybody asks for them.
        if ready != nil { context.channel.setOption(.autoRead, value: true).whenFailure { _ in } }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = context.channel
        let write = peer.writeAndFlush(unwrapInboundIn(data))
        guard !peer.isWritable else { return }
        channel.setOption(.autoRead, value: false).whenFailure { _ in }
        write.whenComplete { _ in channel.setOption(.autoRead, value: true).whenFailure { _ in } }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event { ready?.succeed(()) }
        if let event = event as? ChannelEvent, event == .inputClosed { peer.close(mode: .output, promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ready?.fail(ChannelError.eof)
        peer.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        ready?.fail(error)
        context.close(promise: nil)
    }
}
