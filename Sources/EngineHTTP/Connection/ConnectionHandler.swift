import EngineWire
import NIOCore
import NIOHTTP1

/// One client's connection: its requests one after the other, each answered by a task.
final class ConnectionHandler: ChannelInboundHandler, ChannelOutboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let handler: any RequestHandler
    private let commonHeaders: HTTPHeaders
    private let clients: ClientTable
    private let timer: HeadTimer
    private var context: ChannelHandlerContext?
    private var body: RequestBody?
    private var task: Task<Void, Never>?
    /// A request is being answered.
    private var isBusy = false
    /// The head of the answer is out: what comes behind it is for a client that may leave.
    private var isSending = false
    /// The client left while its request was worked on.
    private var isAbandoned = false
    /// Parts of later requests, which wait for the answer to this one.
    private var queued: [HTTPServerRequestPart] = []
    private var head: HTTPRequestHead?
    private var readIsHeld = false
    /// The client says no more.
    private(set) var inputIsClosed = false
    /// A relay takes the connection over.
    private var isHijacked = false

    init(handler: any RequestHandler, commonHeaders: HTTPHeaders, clients: ClientTable, timer: HeadTimer) {
        self.handler = handler
        self.commonHeaders = commonHeaders
        self.clients = clients
        self.timer = timer
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    // MARK: the request

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if !queued.isEmpty || (isBusy && body == nil) { queued.append(part) } else { take(part, context) }
    }

    private func take(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let head): begin(head, context)
        case .body(let buffer): body?.arrived(Array(buffer.readableBytesView))
        case .end:
            body?.ended()
            body = nil
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        self.head = head
        isBusy = true
        timer.headArrived()
        let channel = context.channel
        clients.begin(channel, head.method, String(head.uri.prefix { $0 != "?" }))
        let expects = head.headers["Expect"].contains { $0.lowercased() == "100-continue" }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let body = RequestBody { isFirst in
            channel.eventLoop.execute {
                if isFirst && expects { bound.value.sendContinue() }
                bound.value.releaseRead()
            }
        }
        self.body = body
        let request = Request(head, body), handler = handler
        if let answer = handler.immediate(request) {
            // In the next round of the loop: then the request's end is here as well.
            return channel.eventLoop.execute { bound.value.sendData(.ok, ["Content-Type": "application/json"], answer, request) }
        }
        let exchange = Exchange(request: request, handler: handler, channel: channel, connection: bound)
        task = Task(operation: exchange.run)
    }

    private func sendContinue() {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
    }

    // MARK: the answer

    private func closes(_ request: Request) -> Bool {
        // The parser stops behind an upgrade that did not come about. Of HTTP/1.0, a stream's end is that of its connection.
        !(head?.isKeepAlive ?? false) || head?.version == .http1_0 || body != nil || request.headers.contains(name: "Upgrade") || inputIsClosed || clients.isEnding
    }

    private func responseHead(_ status: HTTPResponseStatus, _ headers: HTTPHeaders, closes: Bool) -> HTTPResponseHead {
        var all = commonHeaders
        for (name, value) in headers { all.replaceOrAdd(name: name, value: value) }
        if closes { all.replaceOrAdd(name: "Connection", value: "close") }
        // A client that speaks HTTP/1.0, as proxies do, knows no chunks.
        return HTTPResponseHead(version: head?.version == .http1_0 ? .http1_0 : .http1_1, status: status, headers: all)
    }

    fileprivate func sendData(_ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ bytes: [UInt8], _ request: Request) {
        guard let context else { return }
        let closes = closes(request)
        var head = responseHead(status, headers, closes: closes)
        if status != .noContent && status != .notModified { head.headers.replaceOrAdd(name: "Content-Length", value: "\(bytes.count)") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD && !bytes.isEmpty {
            var buffer = context.channel.allocator.buffer(capacity: bytes.count)
            buffer.writeBytes(bytes)
            context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        }
        end(context, closes: closes)
    }

    /// False: the client is gone.
    fileprivate func sendHead(_ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ request: Request, isEndless: Bool) -> Bool {
        guard let context, context.channel.isActive else { return false }
        clients.enter(context.channel, isEndless ? .streaming : .sending)
        if isAbandoned || (isEndless && clients.isEnding) { return false }
        isSending = true
        context.writeAndFlush(wrapOutboundOut(.head(responseHead(status, headers, closes: closes(request)))), promise: nil)
        return true
    }

    fileprivate func sendEnd(_ request: Request) {
        guard let context else { return }
        end(context, closes: closes(request))
    }

    private func end(_ context: ChannelHandlerContext, closes: Bool) {
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in bound.value.finish(closes: closes) }
    }

    fileprivate func finish(closes: Bool) {
        task = nil
        body = nil
        isBusy = false
        isSending = false
        timer.answered()
        guard let context else { return }
        clients.finish(context.channel)
        if closes { return context.close(promise: nil) }
        while !queued.isEmpty {
            let part = queued.removeFirst()
            take(part, context)
            if isBusy && body == nil { break }
        }
        releaseRead()
    }

    // MARK: hijack

    fileprivate func hijack(_ hijack: Hijack, _ request: Request) {
        guard let context else { return Relay.discard(hijack.socket) }
        let upgrades = request.headers.contains(name: "Upgrade")
        task = nil
        isBusy = false
        isHijacked = true
        clients.enter(context.channel, .attached)
        let headFirst = request.headers["User-Agent"].contains { $0.hasPrefix("docker-sdk-python/") }
        Relay.join(context, self, hijack, upgrades: upgrades, headFirst: headFirst)
    }

    // MARK: flow

    func read(context: ChannelHandlerContext) {
        if (body?.isFull ?? false) || queued.count > 64 { readIsHeld = true } else { context.read() }
    }

    private func releaseRead() {
        guard readIsHeld, let context, !(body?.isFull ?? false) else { return }
        readIsHeld = false
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        abandon()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent {
            inputIsClosed = true
            // A hijacked stream's half-close is the relay's to pass on. As Docker does: any other client that says no
            // more waits no more.
            if !isHijacked { if isBusy { abandon() } else { context.close(promise: nil) } }
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// What a client asked for is done although it left, as Docker does it: half of a start is worse than a start that
    /// nobody waits for. A body that ends in the middle ends what reads it.
    private func abandon() {
        isAbandoned = true
        body?.broke()
        if isSending { task?.cancel() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let failure = error as? HTTPParserError, !isBusy else { return context.close(promise: nil) }
        let isLarge = failure == .headerOverflow
        let message: JSONValue = ["message": .string(isLarge ? "the request's header is too large: at most 80 KiB are taken" : "malformed HTTP request: \(failure)")]
        let bytes = message.encoded() + [0x0a]
        var head = responseHead(isLarge ? .requestHeaderFieldsTooLarge : .badRequest, ["Content-Type": "application/json"], closes: true)
        head.headers.replaceOrAdd(name: "Content-Length", value: "\(bytes.count)")
        var buffer = context.channel.allocator.buffer(capacity: bytes.count)
        buffer.writeBytes(bytes)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}

/// One request and its answer, in a task.
private struct Exchange: Sendable {
    let request: Request
    let handler: any RequestHandler
    let channel: any Channel
    let connection: NIOLoopBound<ConnectionHandler>

    @concurrent @Sendable func run() async {
        if let refusal = request.version.refusal {
            return await send(.json(["message": .string(refusal)], status: .badRequest))
        }
        await send(await handler.handle(request))
    }

    private func send(_ response: Response) async {
        let connection = connection, request = request, channel = channel
        switch response {
        case .data(let status, let headers, let bytes):
            channel.eventLoop.execute { connection.value.sendData(status, headers, bytes, request) }
        case .hijack(let hijack):
            channel.eventLoop.execute { connection.value.hijack(hijack, request) }
        case .stream(let status, let headers, let isEndless, let produce):
            let isOpen = (try? await channel.eventLoop.submit { connection.value.sendHead(status, headers, request, isEndless: isEndless) }.get()) ?? false
            guard isOpen else { return channel.eventLoop.execute { connection.value.finish(closes: true) } }
            do {
                try await produce(ResponseWriter(channel: channel))
                channel.eventLoop.execute { connection.value.sendEnd(request) }
            } catch {
                // The head is out: all that is left to say is that this is not the whole answer.
                channel.close(promise: nil)
            }
        }
    }
}
