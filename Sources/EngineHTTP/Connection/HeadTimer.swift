import NIOCore

/// Closes a connection whose client does not say what it wants: from the first byte of a request, or from the
/// connection's begin, to the end of the request's head it may take so long and no longer. Between two requests a
/// client may rest.
final class HeadTimer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// Shorter than Docker's five minutes.
    static let limit = TimeAmount.seconds(60)

    private var timer: Scheduled<Void>?
    private var context: ChannelHandlerContext?
    /// Nothing is awaited: the request's head is there.
    private var isAnswering = false

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        start()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isAnswering && timer == nil { start() }
        context.fireChannelRead(data)
    }

    func headArrived() {
        isAnswering = true
        timer?.cancel()
        timer = nil
    }

    func answered() { isAnswering = false }

    private func start() {
        guard let context else { return }
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: Self.limit) { channel.close(promise: nil) }
    }
}
