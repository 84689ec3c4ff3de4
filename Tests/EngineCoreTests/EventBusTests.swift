import EngineCore
import EngineErrors
import EngineModel
import Testing

private func event(_ number: Int) -> EngineEvent {
    EngineEvent(.container, "start", actor: "\(number)", time: Int64(number))
}

private func actors(_ stream: AsyncThrowingStream<EngineEvent, any Error>) async throws -> [String] {
    var actors: [String] = []
    for try await event in stream { actors.append(event.actor) }
    return actors
}

@Test("a reader sees what comes after it, unless it asks for what was")
func history() async throws {
    let bus = EventBus()
    for number in 1...3 { bus.publish(event(number)) }
    let live = bus.stream(since: nil, until: nil)
    bus.publish(event(4))
    var reader = live.makeAsyncIterator()
    #expect(try await reader.next()?.actor == "4")
    #expect(try await actors(bus.stream(since: 2, until: 3)) == ["2", "3"])
    #expect(try await actors(bus.stream(since: nil, until: 2)) == ["1", "2"])
}

@Test("the last 256 events are kept")
func bounded() async throws {
    let bus = EventBus()
    for number in 1...300 { bus.publish(event(number)) }
    #expect(try await actors(bus.stream(since: 0, until: 1000)).count == 256)
}

@Test("a stream ends at its time, with what came before")
func until() async throws {
    let bus = EventBus()
    let stream = bus.stream(since: nil, until: Clock.now() + 50_000_000)
    bus.publish(event(1))
    #expect(try await actors(stream) == ["1"])
    #expect(bus.listeners == 0)
}

@Test("a reader that falls too far behind gets what was queued and then an error, and the others go on")
func behind() async throws {
    let bus = EventBus()
    let slow = bus.stream(since: nil, until: nil)
    for number in 1...1024 { bus.publish(event(number)) }
    let other = bus.stream(since: nil, until: nil)
    #expect(bus.listeners == 2)
    bus.publish(event(1025))
    #expect(bus.listeners == 1)
    var count = 0
    let failure = await #expect(throws: EngineError.self) { for try await _ in slow { count += 1 } }
    #expect(failure?.code == .resourceExhausted)
    #expect(count == 1024)
    var reader = other.makeAsyncIterator()
    #expect(try await reader.next()?.actor == "1025")
}

@Test("a reader that goes is forgotten")
func leaving() async throws {
    let bus = EventBus()
    do {
        let stream = bus.stream(since: nil, until: nil)
        #expect(bus.listeners == 1)
        _ = stream
    }
    let task = Task {
        for try await _ in bus.stream(since: nil, until: nil) {}
    }
    while bus.listeners == 0 { await Task.yield() }
    task.cancel()
    _ = await task.result
    #expect(bus.listeners == 0)
}
