import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Joins a client's connection with a container's socket: bytes both ways, each side read only as fast as the other
/// takes them, the end of one direction passed on.
enum Relay {
    static func discard(_ socket: Int32) { Glibc.close(socket) }

    /// On the connection's event loop; takes the HTTP handlers out of its pipeline.
    ///
    /// - Parameter headFirst: the head goes out alone and the stream some moments later. docker-py (7.1) reads the head
    ///   through a buffer and the stream past it: what comes in one segment with the head is lost to it.
    static func join(_ context: ChannelHandlerContext, _ handler: ConnectionHandler, _ hijack: Hijack, upgrades: Bool, headFirst: Bool) {
        let client = context.channel, loop = context.eventLoop
        let handler = NIOLoopBound(handler, eventLoop: loop), socket = hijack.socket
        let pipeline = client.pipeline.syncOperations
        do { _ = pipeline.removeHandler(context: try pipeline.context(handlerType: HTTPResponseEncoder.self)) } catch {
            discard(socket)
            return client.close(promise: nil)
        }
        client.writeAndFlush(client.allocator.buffer(string: head(hijack, upgrades: upgrades)), promise: nil)
        guard headFirst else { return connect(client, handler, socket) }
        loop.scheduleTask(in: .milliseconds(30)) { connect(client, handler, socket) }
    }

    private static func connect(_ client: any Channel, _ handler: NIOLoopBound<ConnectionHandler>, _ socket: Int32) {
        let loop = client.eventLoop
        let (near, far) = RelayHandler.pair(finishes: true)
        let bounds = (near: NIOLoopBound(near, eventLoop: loop), far: NIOLoopBound(far, eventLoop: loop))
        let connected = ClientBootstrap(group: loop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                loop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bounds.far.value) }
            }
            .withConnectedSocket(socket)
        connected.whenComplete { result in
            guard case .success = result, client.isActive else {
                if case .success(let channel) = result { channel.close(promise: nil) }
                return client.close(promise: nil)
            }
            do {
                try takeOver(client, handler.value, bounds.near.value)
                if handler.value.inputIsClosed { client.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
            } catch {
                client.close(promise: nil)
            }
        }
    }

    private static func takeOver(_ client: any Channel, _ handler: ConnectionHandler, _ relay: RelayHandler) throws {
        let pipeline = client.pipeline.syncOperations
        try pipeline.addHandler(relay)
        let decoder = try pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self)
        _ = pipeline.removeHandler(handler)
        // What the client sent behind its request comes out of the decoder now.
        _ = pipeline.removeHandler(context: decoder)
        client.read()
    }

    private static func head(_ hijack: Hijack, upgrades: Bool) -> String {
        upgrades
            ? "HTTP/1.1 101 UPGRADED\r\nContent-Type: \(hijack.contentType)\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
            : "HTTP/1.1 200 OK\r\nContent-Type: \(hijack.contentType)\r\n\r\n"
    }
}

/// One side of a relay.
final class RelayHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Keeps the other side alive as long as this one is in its pipeline.
    private var strongPartner: RelayHandler?
    private var context: ChannelHandlerContext?
    private var wantsRead = false
    private var outputIsClosed = false
    /// The end of the other side's stream ends this connection, not only its output.
    private let closesWithPartner: Bool

    private init(closesWithPartner: Bool) { self.closesWithPartner = closesWithPartner }

    /// The client's side, and the container's.
    static func pair(finishes: Bool) -> (RelayHandler, RelayHandler) {
        let near = RelayHandler(closesWithPartner: finishes), far = RelayHandler(closesWithPartner: false)
        near.strongPartner = far
        far.strongPartner = near
        return (near, far)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // The other side may have waited for this one.
        strongPartner?.partnerBecameWritable()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        strongPartner = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        strongPartner?.context?.write(NIOAny(unwrapInboundIn(data)), promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        strongPartner?.context?.flush()
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if strongPartner?.context?.channel.isWritable ?? false { context.read() } else { wantsRead = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { strongPartner?.partnerBecameWritable() }
        context.fireChannelWritabilityChanged()
    }

    private func partnerBecameWritable() {
        guard wantsRead, let context, strongPartner?.context != nil else { return }
        wantsRead = false
        context.read()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { strongPartner?.partnerEnded() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        strongPartner?.partnerIsGone()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// The other side says no more; this one hears all that it said.
    private func partnerEnded() {
        guard let context, !outputIsClosed else { return }
        outputIsClosed = true
        let channel = context.channel, mode: CloseMode = closesWithPartner ? .all : .output
        context.writeAndFlush(NIOAny(context.channel.allocator.buffer(capacity: 0))).whenComplete { _ in channel.close(mode: mode, promise: nil) }
    }

    private func partnerIsGone() {
        guard let context else { return }
        let channel = context.channel
        context.writeAndFlush(NIOAny(context.channel.allocator.buffer(capacity: 0))).whenComplete { _ in channel.close(promise: nil) }
    }
}
