import CLinux
import Glibc
@testable import Shim
import Testing

@Suite("the shim's loop")
struct EventLoopTests {
    @Test("an event of a descriptor that was closed in the same turn is not taken for its successor's")
    func successor() throws {
        let loop = try EventLoop(), first = Self.pair(), second = Self.pair(), third = Self.pair()
        defer { for descriptor in [first.0, first.1, second.0, third.0, third.1] { close(descriptor) } }
        var byte: UInt8 = 0, calls = 0
        loop.add(first.0, EventLoop.readable) { _ in
            loop.remove(first.0)
            loop.remove(second.0)
            // What is opened next gets the number.
            dup2(third.0, second.0)
            loop.add(second.0, EventLoop.readable) { _ in calls += 1 }
            loop.isFinished = true
        }
        loop.add(second.0, EventLoop.readable) { _ in Issue.record("the first one is ready for longer") }
        write(first.1, &byte, 1)
        close(second.1)
        loop.run()
        #expect(calls == 0)
    }

    private static func pair() -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
        return (ends[0], ends[1])
    }
}
