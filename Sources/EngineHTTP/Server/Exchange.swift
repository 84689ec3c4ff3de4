import EngineErrors
import NIOCore
import NIOHTTP1

/// A request and its response, as the connection sees them. Lives on the connection's event loop.
final class Exchange {
    let number: UInt64
    let head: RequestHead
    var task: Task<Void, Never>?
    /// The client still waits for leave to send the body.
    var owesContinue: Bool
    var pull: Ticket<Result<[UInt8]?, EngineError>>?
    var writes: [Ticket<Result<Void, EngineError>>] = []
    /// How the streamed body is framed, once its head is out.
    var stream: Framing?

    enum Framing {
        case chunked
        /// For HTTP/1.0: the end of the connection ends the body.
        case raw
        /// HEAD, 204 and 304: written bytes go nowhere.
        case none
    }

    init(number: UInt64, head: RequestHead) {
        self.number = number
        self.head = head
        owesContinue = head.expectsContinue
    }

    /// The client is gone.
    func abandon() {
        task?.cancel()
        pull?.answer(.failure(Self.gone))
        pull = nil
        for write in writes { write.answer(.failure(Self.gone)) }
        writes = []
    }

    func mayWriteOn() {
        for write in writes { write.answer(.success(())) }
        writes = []
    }

    static var gone: EngineError { EngineError(.cancelled, "the client closed the connection") }
}

/// What a request's task holds of its exchange. Good for any thread, and for longer than the exchange lasts.
struct ExchangeLink: Sendable {
    private let loop: any EventLoop
    private let connection: NIOLoopBound<Connection>
    private let number: UInt64

    /// On the connection's event loop.
    init(_ connection: Connection, _ number: UInt64, on loop: any EventLoop) {
        self.loop = loop
        self.connection = NIOLoopBound(connection, eventLoop: loop)
        self.number = number
    }

    func pull() async throws(EngineError) -> [UInt8]? {
        let ticket = Ticket<Result<[UInt8]?, EngineError>>()
        loop.execute { connection.value.pull(number, ticket) }
        return try await ticket.value(cancelled: .failure(Self.cancelled)).get()
    }

    func write(_ bytes: [UInt8]) async throws(EngineError) {
        let ticket = Ticket<Result<Void, EngineError>>()
        loop.execute { connection.value.write(number, bytes, ticket) }
        try await ticket.value(cancelled: .failure(Self.cancelled)).get()
    }

    /// Sends the response of a handler.
    func send(_ response: Response) async {
        switch response {
        case .data(let status, let headers, let bytes):
            loop.execute { connection.value.send(number, status, headers, bytes) }
        case .stream(let status, let headers, let body):
            loop.execute { connection.value.startStream(number, status, headers) }
            let isComplete: Bool
            do {
                try await body(ResponseWriter(self))
                isComplete = true
            } catch { isComplete = false }
            loop.execute { connection.value.endStream(number, isComplete: isComplete) }
        case .hijack(let hijack):
            loop.execute { connection.value.join(number, hijack) }
        }
    }

    private static var cancelled: EngineError { EngineError(.cancelled, "the request was cancelled") }
}
