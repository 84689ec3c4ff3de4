import EngineErrors
import NIOCore
import NIOHTTP1

extension Connection {
    func begin(_ exchange: Exchange) throws(MalformedRequest) {
        let target = RequestTarget(exchange.head.target)
        if let objection = target.version?.objection {
            return send(exchange.number, .badRequest, ["Content-Type": "application/json"], Self.json(objection))
        }
        let link = ExchangeLink(self, exchange.number, on: context.eventLoop)
        let request = Request(
            method: exchange.head.method, path: target.path, version: target.version ?? .maximum, query: Query(target.query),
            headers: exchange.head.headers, body: try body(of: exchange, link))
        let settings = settings
        settings.registry.taskStarted()
        exchange.task = Task {
            let response = await settings.handler.handle(request)
            await link.send(response)
            settings.registry.taskEnded()
        }
        cancelIfGone()
    }

    /// A small body that is here already is handed over at once: it costs no way back to the event loop.
    private func body(of exchange: Exchange, _ link: ExchangeLink) throws(MalformedRequest) -> RequestBody {
        if parser.bodyIsFinished { return RequestBody([]) }
        if !exchange.owesContinue, let size = parser.bodyRemaining, size <= parser.unreadBytes, case .bytes(let bytes) = try parser.nextBodyPart() {
            if parser.bodyIsFinished { return RequestBody(bytes) }
            preconditionFailure("a body of \(size) bytes did not fit into one part")
        }
        return RequestBody(from: link)
    }

    /// Asks for the next part of a request's body.
    func pull(_ number: UInt64, _ ticket: Ticket<Result<[UInt8]?, EngineError>>) {
        guard let exchange, exchange.number == number, phase == .open else { return ticket.answer(.failure(Exchange.gone)) }
        exchange.pull = ticket
        if exchange.owesContinue {
            exchange.owesContinue = false
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
        }
        advance()
        readMore()
    }

    func continuePull(_ exchange: Exchange) throws(MalformedRequest) {
        guard let pull = exchange.pull else { return }
        guard !pull.isSettled else {
            exchange.pull = nil
            return
        }
        let part: BodyFraming.Part
        do { part = try parser.nextBodyPart() } catch {
            exchange.pull = nil
            isLast = true
            return pull.answer(.failure(EngineError(.invalidArgument, error.message)))
        }
        switch part {
        case .incomplete:
            guard inputClosed else { return }
            pull.answer(.failure(EngineError(.invalidArgument, "the request's body ended early: unexpected EOF")))
        case .end: pull.answer(.success(nil))
        case .bytes(let bytes): pull.answer(.success(bytes))
        }
        exchange.pull = nil
        cancelIfGone()
    }

    /// Answers what is not HTTP, and closes.
    func reject(_ error: MalformedRequest) {
        settings.logger.debug("a request was refused", metadata: ["reason": "\(error.message)"])
        let bytes = Self.json(error.message)
        let fields: HTTPHeaders = ["Content-Type": "application/json", "Content-Length": "\(bytes.count)", "Connection": "close"]
        var buffer = context.channel.allocator.buffer(capacity: 512)
        ResponseHead.write(error.status, fields, common: settings.commonHeaders, to: &buffer)
        buffer.writeBytes(bytes)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        exchange = nil
        linger()
    }

    /// `message` comes from this module and needs no escapes.
    private static func json(_ message: String) -> [UInt8] { Array("{\"message\":\"\(message)\"}\n".utf8) }
}
