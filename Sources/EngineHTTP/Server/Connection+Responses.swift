import EngineErrors
import NIOCore
import NIOHTTP1

extension Connection {
    /// A response with all of its body.
    func send(_ number: UInt64, _ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ bytes: [UInt8]) {
        guard let exchange, exchange.number == number, exchange.stream == nil, phase == .open else { return }
        let keeps = keepsAlive(after: exchange)
        let hasBody = status.mayHaveBody && exchange.head.method != .HEAD
        var fields = connectionField(headers, exchange, keeps: keeps)
        if status.mayHaveBody { fields.replaceOrAdd(name: "Content-Length", value: String(bytes.count)) }
        var buffer = context.channel.allocator.buffer(capacity: 512 + (hasBody ? bytes.count : 0))
        ResponseHead.write(status, fields, common: settings.commonHeaders, to: &buffer)
        if hasBody { buffer.writeBytes(bytes) }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        finish(keeps: keeps)
    }

    func startStream(_ number: UInt64, _ status: HTTPResponseStatus, _ headers: HTTPHeaders) {
        guard let exchange, exchange.number == number, exchange.stream == nil, phase == .open else { return }
        let framing: Exchange.Framing = exchange.head.minorVersion == 1 ? .chunked : .raw
        exchange.stream = status.mayHaveBody && exchange.head.method != .HEAD ? framing : Exchange.Framing.none
        if framing == .raw { isLast = true }
        var fields = connectionField(headers, exchange, keeps: keepsAlive(after: exchange))
        if framing == .chunked, status.mayHaveBody { fields.replaceOrAdd(name: "Transfer-Encoding", value: "chunked") }
        var buffer = context.channel.allocator.buffer(capacity: 512)
        ResponseHead.write(status, fields, common: settings.commonHeaders, to: &buffer)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    /// A part of a streamed body.
    func write(_ number: UInt64, _ bytes: [UInt8], _ ticket: Ticket<Result<Void, EngineError>>) {
        guard let exchange, exchange.number == number, let framing = exchange.stream, phase == .open, !ticket.isSettled else {
            return ticket.answer(.failure(Exchange.gone))
        }
        guard framing != .none else { return ticket.answer(.success(())) }
        var buffer = context.channel.allocator.buffer(capacity: bytes.count + 16)
        if framing == .chunked { buffer.writeString(String(bytes.count, radix: 16) + "\r\n") }
        buffer.writeBytes(bytes)
        if framing == .chunked { buffer.writeStaticString("\r\n") }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        if context.channel.isWritable { ticket.answer(.success(())) } else { exchange.writes.append(ticket) }
    }

    func endStream(_ number: UInt64, isComplete: Bool) {
        guard let exchange, exchange.number == number, phase == .open else { return }
        guard isComplete else { return closeAfterFlush() }
        if exchange.stream == .chunked {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(staticString: "0\r\n\r\n")), promise: nil)
        }
        finish(keeps: keepsAlive(after: exchange))
    }

    /// Whether the client's next request can be told from what is left of this one.
    private func keepsAlive(after exchange: Exchange) -> Bool {
        guard exchange.head.keepsAlive, !isLast else { return false }
        if parser.bodyIsFinished { return true }
        guard !exchange.owesContinue, let rest = parser.bodyRemaining else { return false }
        return rest <= Self.drainable
    }

    private func connectionField(_ headers: HTTPHeaders, _ exchange: Exchange, keeps: Bool) -> HTTPHeaders {
        var fields = headers
        if !keeps { fields.replaceOrAdd(name: "Connection", value: "close") }
        if keeps, exchange.head.minorVersion == 0 { fields.replaceOrAdd(name: "Connection", value: "keep-alive") }
        if !keeps { isLast = true }
        return fields
    }

    private func finish(keeps: Bool) {
        exchange?.abandonPull()
        exchange = nil
        guard keeps, !isLast else { return linger() }
        // Not from here: a long pipeline would make a deep stack.
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        guard parser.unreadBytes > 0 || inputClosed || !parser.bodyIsFinished else { return readMore() }
        context.eventLoop.execute {
            connection.value.advance()
            connection.value.readMore()
        }
    }

    // MARK: closing

    /// Closes after the last response. A client that still sends must not lose the response to a reset, so its side is
    /// read for a moment.
    func linger() {
        guard phase == .open else { return }
        guard !inputClosed, !parser.bodyIsFinished || parser.unreadBytes > 0 || isMidRequest else { return closeAfterFlush() }
        phase = .lingering
        parser.discardUnread()
        afterFlush { connection in
            connection.context.close(mode: .output, promise: nil)
            connection.readMore()
            let bound = NIOLoopBound(connection, eventLoop: connection.context.eventLoop)
            connection.context.eventLoop.scheduleTask(in: .seconds(1)) { bound.value.closeNow() }
        }
    }

    func closeAfterFlush() {
        phase = .lingering
        exchange?.abandon()
        exchange = nil
        afterFlush { $0.closeNow() }
    }

    func closeNow() {
        if phase != .closed { context.close(promise: nil) }
    }

    /// Runs when all that was written before is with the kernel, or can't get there any more.
    private func afterFlush(_ action: @escaping @Sendable (Connection) -> Void) {
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let flushed = context.eventLoop.makePromise(of: Void.self)
        flushed.futureResult.whenComplete { _ in action(connection.value) }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: flushed)
    }
}

extension HTTPResponseStatus {
    /// RFC 9110, 6.4.1.
    fileprivate var mayHaveBody: Bool { code >= 200 && code != 204 && code != 304 }
}
