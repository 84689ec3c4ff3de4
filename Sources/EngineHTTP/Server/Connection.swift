import EngineErrors
import NIOCore
import NIOHTTP1

/// The server shuts down: idle connections close, others after their response.
struct ServerStopping: Sendable {}

/// One client's connection: reads requests, runs a task for each and writes its response, one after the other.
///
/// A state machine on the connection's event loop. Tasks reach it through `ExchangeLink`; what they ask for an exchange
/// that is over is refused. Reading never gets far ahead of the handler, but goes on a little to notice that the client left.
final class Connection: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        case open
        /// The last response is out; what the client still sends is thrown away.
        case lingering
        /// Being joined to a socket.
        case joining
        case closed
    }

    /// With more than this unread, nothing more is read, bytes. One read takes as much again.
    static let readAhead = 32 << 10
    /// A body the handler did not want is read to its end up to this size, to keep the connection, bytes.
    static let drainable = 64 << 10

    let settings: ConnectionSettings
    var context: ChannelHandlerContext!
    var parser = RequestParser()
    var exchange: Exchange?
    var phase = Phase.open
    var inputClosed = false
    var isLast = false
    private var count: UInt64 = 0

    init(_ settings: ConnectionSettings) { self.settings = settings }

    // MARK: events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { context.read() }
    }

    func channelActive(context: ChannelHandlerContext) { context.read() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if phase != .lingering { parser.receive(unwrapInboundIn(data)) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        advance()
        readMore()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        exchange?.mayWriteOn()
        advance()
        readMore()
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closed
        exchange?.abandon()
        exchange = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        settings.logger.debug("a client's connection failed", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed: endOfInput()
        case is ServerStopping:
            isLast = true
            if exchange == nil, phase == .open { context.close(promise: nil) }
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: reading

    private func endOfInput() {
        inputClosed = true
        switch phase {
        case .open:
            advance()
            cancelIfGone()
        case .lingering: context.close(promise: nil)
        case .joining, .closed: break
        }
    }

    /// A TCP client that ends its side has left, as for Docker; but the end may also be that of a hijacked stream's input.
    /// A client on a unix socket may end its side and wait: when it leaves, the whole connection ends.
    func cancelIfGone() {
        guard inputClosed, settings.endOfInputIsDeparture, let exchange, parser.bodyIsFinished, !exchange.head.asksForUpgrade else { return }
        exchange.task?.cancel()
    }

    func readMore() {
        guard !inputClosed, phase == .open || phase == .lingering else { return }
        if parser.unreadBytes < Self.readAhead || exchange == nil || exchange?.pull != nil { context.read() }
    }

    /// Does what can be done with the bytes at hand.
    func advance() {
        guard phase == .open else { return }
        do {
            if let exchange { try continuePull(exchange) } else { try beginNext() }
        } catch { reject(error) }
    }

    private func beginNext() throws(MalformedRequest) {
        // A client that does not read its responses gets no more of them.
        guard context.channel.isWritable else { return }
        while !parser.bodyIsFinished {
            guard try parser.nextBodyPart() != .incomplete else { return closeIfEnded() }
        }
        guard let head = try parser.nextHead() else { return closeIfEnded() }
        count += 1
        let exchange = Exchange(number: count, head: head)
        self.exchange = exchange
        try begin(exchange)
    }

    private func closeIfEnded() {
        if inputClosed { closeAfterFlush() }
    }
}
