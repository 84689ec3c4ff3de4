import EngineCore
import NIOCore
import NIOHTTP1

/// What a route answers.
enum Response: Sendable {
    /// All of it at once, with its length.
    case data(status: HTTPResponseStatus, headers: HTTPHeaders, [UInt8])
    /// The head at once, then what the closure writes. An error behind the head ends the connection.
    /// - Parameter isEndless: nobody waits for its end, as for that of events; it ends with the daemon.
    case stream(status: HTTPResponseStatus, headers: HTTPHeaders, isEndless: Bool = false, @Sendable (ResponseWriter) async throws -> Void)
    /// The connection becomes a stream of bytes to and from a socket.
    case hijack(Hijack)
}

/// A connected stream socket to be joined with the client's connection. Owned.
struct Hijack: Sendable {
    let socket: Int32
    let contentType: String
}

/// The body of a streamed answer.
struct ResponseWriter: ByteSink, Sendable {
    let channel: any Channel

    /// Returns when the kernel has taken the bytes: a slow client slows its sender down. Throws when it is gone.
    func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        try Task.checkCancellation()
        let channel = channel
        try await channel.eventLoop.flatSubmit {
            var buffer = channel.allocator.buffer(capacity: bytes.count)
            buffer.writeBytes(bytes)
            return channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(buffer)))
        }.get()
    }
}

/// Answers requests; never throws.
protocol RequestHandler: Sendable {
    func handle(_ request: Request) async -> Response
    /// A JSON answer that takes no time and waits for nothing, on the connection's own thread; nil: `handle` answers.
    func immediate(_ request: Request) -> [UInt8]?
}
