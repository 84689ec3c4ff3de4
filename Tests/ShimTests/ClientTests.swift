import CLinux
import Glibc
import LinuxSystem
import Testing

@testable import Shim

@Suite("a client of an ended process")
struct ClientTests {
    private let loop: EventLoop
    private let client: Client
    private let reader: Int32
    private static let size = 1 << 20

    init() throws {
        loop = try EventLoop()
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        client = Client(ends[0], loop)
        reader = ends[1]
        client.onClose = { [loop] _ in loop.isFinished = true }
        [UInt8](repeating: 7, count: Self.size).withUnsafeBytes(client.send)
    }

    /// Until the client is closed, or for ten seconds.
    private func run() {
        let clock = timerfd_create(CLOCK_MONOTONIC, 0)
        defer { close(clock) }
        loop.add(clock, EventLoop.readable) { _ in }
        loop.limit(clock, until: monotonicTime() + 10_000_000_000) { loop.isFinished = true }
        loop.run()
        loop.remove(clock)
    }

    @Test("is closed when it takes nothing for a while")
    func takesNothing() {
        defer { close(reader) }
        client.finish(patience: 50)
        run()
        #expect(client.isClosed && client.pending > Self.size / 2)
    }

    @Test("gets everything, however long it takes, as long as it takes something")
    func isSlow() {
        defer { close(reader) }
        var taken = 0
        func read() {
            var part = [UInt8](repeating: 0, count: 64 << 10)
            taken += max(recv(reader, &part, part.count, Int32(MSG_DONTWAIT)), 0)
            loop.limit(reader, until: monotonicTime() + 100_000_000, read)
        }
        read()
        client.finish(patience: 1000)
        run()
        while case let before = taken, taken < Self.size {
            read()
            if taken == before { break }
        }
        #expect(client.isClosed && client.pending == 0 && taken == Self.size)
    }

    @Test("is closed at once when it goes")
    func goes() {
        client.finish()
        close(reader)
        run()
        #expect(client.isClosed)
    }
}
