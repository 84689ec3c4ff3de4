import LinuxSystem
import Testing

@testable import EngineCore

@Suite("lanes")
struct LaneTests {
    /// Lets a step begin, and end when it is told to.
    private func hold(_ lane: Lane, _ step: String) async -> (end: AsyncStream<Void>.Continuation, done: Task<Void, Never>) {
        let (isIn, enter) = AsyncStream<Void>.makeStream(), (mayEnd, end) = AsyncStream<Void>.makeStream()
        let done = Task {
            await lane.run(step) {
                lane.waits(for: "a sign", atMost: 30)
                enter.finish()
                for await _ in mayEnd {}
            }
        }
        for await _ in isIn {}
        return (end, done)
    }

    @Test("a lane says what runs in it, what that waits for, and who is behind")
    func status() async throws {
        let lane = Lane("container web")
        #expect(lane.status == nil)
        let first = await hold(lane, "stop")
        let second = Task { await lane.run("remove") {} }
        while lane.status?.waiting.isEmpty == true { await Task.yield() }
        let status = try #require(lane.status)
        #expect(status.subject == "container web" && status.running.name == "stop")
        #expect(status.reason?.text == "a sign" && status.waiting.map(\.name) == ["remove"])
        let reason = try #require(status.reason), until = try #require(reason.until)
        #expect(until - reason.since == 30_000_000_000)
        #expect(LaneBoard.shared.statuses.contains { $0.subject == "container web" })
        first.end.finish()
        await first.done.value
        await second.value
        #expect(lane.status == nil && !LaneBoard.shared.statuses.contains { $0.subject == "container web" })
    }

    @Test("steps run one at a time, in the order in which they came, and say nothing of the one before")
    func order() async {
        let lane = Lane("images"), first = await hold(lane, "0")
        let order = Order()
        var later: [Task<Void, Never>] = []
        for number in 1...20 {
            later.append(Task { await lane.run("\(number)") { order.add(number, lane.status?.reason) } })
            while lane.status?.waiting.count != number { await Task.yield() }
        }
        first.end.finish()
        for task in later { await task.value }
        #expect(order.numbers == Array(1...20))
    }
}

private final class Order: Sendable {
    private let state = WaitingLock<[Int]>([])
    var numbers: [Int] { state.withLock { $0 } }
    func add(_ number: Int, _ reason: LaneStatus.Reason?) {
        #expect(reason == nil)
        state.withLock { $0.append(number) }
    }
}
