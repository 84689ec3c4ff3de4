import EngineWire
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import EngineHTTP

@Suite("connections")
struct ConnectionTests {
    /// A connection as the server has it, on a clock that the test moves.
    private func connection(_ clients: ClientTable) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(), timer = HeadTimer()
        let pipeline = channel.pipeline.syncOperations
        _ = clients.add(channel, peer: "a test")
        try pipeline.addHandlers([timer, HTTPResponseEncoder(), ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))])
        var router = Router()
        router.addImmediate("/now") { ["Answer": true] }
        try pipeline.addHandler(ConnectionHandler(handler: router, commonHeaders: [:], clients: clients, timer: timer))
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/test")).wait()
        return channel
    }

    private func say(_ text: String, on channel: EmbeddedChannel) throws {
        try channel.writeInbound(ByteBuffer(string: text))
        channel.embeddedEventLoop.run()
    }

    private func answer(_ channel: EmbeddedChannel) throws -> String {
        var text = ""
        while let part = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: part) }
        return text
    }

    private static let request = "GET /now HTTP/1.1\r\nHost: gantry\r\n\r\n"

    @Test("a client that says nothing is closed after a minute")
    func silent() throws {
        let channel = try connection(ClientTable(limit: 10))
        channel.embeddedEventLoop.advanceTime(by: .seconds(59))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    @Test("so is one that says half a request, slowly")
    func slow() throws {
        let channel = try connection(ClientTable(limit: 10))
        for character in Self.request.dropLast(2) {
            try say(String(character), on: channel)
            channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        }
        #expect(!channel.isActive)
    }

    @Test("between two requests a client may rest, and the next one has its own minute")
    func resting() throws {
        let channel = try connection(ClientTable(limit: 10))
        try say(Self.request, on: channel)
        #expect(try answer(channel).hasSuffix("{\"Answer\":true}\n"))
        channel.embeddedEventLoop.advanceTime(by: .hours(5))
        #expect(channel.isActive)
        try say("GET /now HT", on: channel)
        channel.embeddedEventLoop.advanceTime(by: .seconds(50))
        try say("TP/1.1\r\nHost: gantry\r\n\r\n", on: channel)
        #expect(try answer(channel).hasSuffix("{\"Answer\":true}\n"))
        try say("GET", on: channel)
        channel.embeddedEventLoop.advanceTime(by: .seconds(61))
        #expect(!channel.isActive)
    }

    @Test("above the limit the connection that is idle longest goes, and when all are busy the new one")
    func limit() throws {
        let clients = ClientTable(limit: 2)
        let one = EmbeddedChannel(), two = EmbeddedChannel(), three = EmbeddedChannel(), four = EmbeddedChannel()
        for channel in [one, two, three, four] { try channel.connect(to: SocketAddress(unixDomainSocketPath: "/test")).wait() }
        #expect(clients.add(one, peer: "") && clients.add(two, peer: ""))
        clients.begin(one, .GET, "/")
        #expect(clients.add(three, peer: ""))
        #expect(one.isActive && !two.isActive && three.isActive)
        clients.begin(three, .GET, "/")
        #expect(!clients.add(four, peer: ""))
        clients.finish(one)
        #expect(clients.add(four, peer: "") && !one.isActive)
    }

    @Test("the end waits for what is being answered, and for nothing else")
    func end() async throws {
        let clients = ClientTable(limit: 10)
        let idle = NIOAsyncTestingChannel(), stream = NIOAsyncTestingChannel(), work = NIOAsyncTestingChannel()
        for channel in [idle, stream, work] {
            try await channel.connect(to: SocketAddress(unixDomainSocketPath: "/test")).get()
            _ = clients.add(channel, peer: "")
        }
        clients.begin(stream, .GET, "/events")
        clients.enter(stream, .streaming)
        clients.begin(work, .POST, "/containers/x/stop")
        let end = Task { await clients.end(within: nil) }
        while !clients.isEnding { await Task.yield() }
        try await idle.closeFuture.get()
        try await stream.closeFuture.get()
        #expect(work.isActive)
        clients.finish(work)
        await end.value

        clients.begin(work, .POST, "/containers/x/stop")
        let late = Task { await clients.end(within: nil) }
        clients.hasten()
        await late.value
    }
}
