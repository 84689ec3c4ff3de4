@testable import ContainerRuntime
import EngineErrors
import Glibc
import LinuxCgroups
import LinuxSystem
import ShimProtocol
import TestSupport
import Testing

/// Shims outlive daemons of several releases: each speaks with earlier and later ones.
@Suite("versions of the shim's protocol", .enabled(if: geteuid() == 0), .serialized)
struct ShimVersionTests {
    static let versions: [UInt16] = [1, 2]

    @Test("every recorded byte is understood, with the sender's version", arguments: versions)
    func decoding(_ version: UInt16) throws {
        let recording = try Recording(version: version)
        #expect(recording.all.count == recording.count && recording.count > 20)
        #expect(recording.all.allSatisfy { $0.version == version && $0.kind != .unknown })
        #expect(recording.messages(.replaceLog).isEmpty == (version == 1))
        let create = try #require(recording.messages(.create).first).fields
        #expect(create.strings(.argument) == ["sh", "-c", "echo recorded; sleep 3000"] && create.groups(.mount).count > 5)
    }

    @Test("an unknown kind is a message like any other")
    func unknown() throws {
        var decoder = MessageDecoder()
        decoder.feed([0, 0, 0, 0, 0xe7, 0x03, 9, 0, 5, 0, 0, 0])
        let message = try #require(try decoder.next())
        #expect(message.kind == .unknown && message.version == 9 && message.sequence == 5)
    }

    // MARK: an earlier daemon, today's shim

    @Test("today's shim does what a daemon of an earlier version asks, word for word", arguments: versions)
    func earlierDaemon(_ version: UInt16) throws {
        let recording = try Recording(version: version)
        let place = try ShimPlace()
        defer { place.discard() }
        let daemon = try place.start()
        func ask(_ message: Message) throws -> Message { try daemon.ask(message) }
        let created = try ask(place.adapted(try #require(recording.messages(.create).first)))
        let pid = Int32(created.fields.number(.pid))
        #expect(created.kind == .created && kill(pid, 0) == 0)
        #expect(try ask(try #require(recording.messages(.start).first)).kind == .started)
        let execs = recording.messages(.exec)
        // exit 3; sleep 77; nosuch; a terminal.
        let first = try place.connect(), started = try first.ask(execs[0])
        #expect(started.kind == .started)
        let exit = try daemon.news(.exited)
        #expect(exit.fields.number(.code) == 3 && exit.fields.string(.process) == execs[0].fields.string(.process))
        let background = try place.connect()
        #expect(try background.ask(execs[1]).kind == .started)
        let missing = try place.connect().ask(execs[2])
        #expect(missing.kind == .failed && missing.fields.number(.code) == Int64(ENOENT) && missing.fields.string(.text) == "nosuch")
        let terminal = try place.connect()
        #expect(try terminal.ask(execs[3]).kind == .started)
        #expect(try ask(try #require(recording.messages(.resize).first)).kind == .accepted)
        if let replace = recording.messages(.replaceLog).first { #expect(try ask(place.adapted(replace)).kind == .accepted) }
        // The daemon is killed, and the next one of its version comes.
        daemon.close()
        let next = try place.connect()
        let state = try next.ask(try #require(recording.messages(.subscribe).last))
        #expect(state.kind == .state && state.fields.flag(.running) && state.fields.number(.pid) == Int64(pid))
        let running = state.fields.groups(.kind).filter { $0.flag(.running) }.map { $0.string(.process) }
        #expect(running.contains(execs[1].fields.string(.process)))
        let asked = try next.ask(Message(.unknown, version: version, sequence: 77))
        #expect(asked.kind == .failed && asked.fields.number(.code) == Int64(EPROTO), "an unknown request is answered")
        kill(pid, SIGKILL)
        var end = try next.news(.exited)
        while !end.fields.string(.process).isEmpty { end = try next.news(.exited) }
        #expect(end.fields.number(.code) == 137)
        #expect(try place.exitStatus().hasPrefix("137 "))
        #expect(place.log.contains("recorded"))
    }

    @Test("a daemon that ends between create and start leaves nothing that runs")
    func abandoned() throws {
        let place = try ShimPlace()
        defer { place.discard() }
        let daemon = try place.start()
        let created = try daemon.ask(place.adapted(try #require(Recording(version: 2).messages(.create).first)))
        daemon.close()
        #expect(place.hasEnded(), "the shim leaves")
        #expect(kill(Int32(created.fields.number(.pid)), 0) != 0, "and its process is gone")
        #expect(!Files.exists("\(place.folder)/exit"), "what never ran has no status")
    }

    // MARK: today's daemon, an earlier shim

    @Test("today's daemon takes back the container of an earlier shim, and asks it for nothing that it does not know", arguments: versions)
    func earlierShim(_ version: UInt16) async throws {
        let recording = try Recording(version: version)
        let cgroups = try CgroupSystem.detect(), root = temporaryFolder()
        defer { try? Files.removeTree(root) }
        let runtime = try ContainerRuntime(program: ShimProgram(path: "\(Engine.bin)/gantry-shim"), execRoot: root, cgroups: cgroups)
        let process = Child(["sleep", "1000"])
        defer { _ = process.finish(seconds: 5) }
        let shim = try EarlierShim(recording, folder: "\(root)/containers/c", pid: process.pid)
        defer { shim.stop() }
        guard case .running(let container, let state) = await runtime.adopt("c", pid: 0, cgroup: "gantry-none/c") else {
            Issue.record("it was not adopted")
            return
        }
        #expect(container.pid == process.pid && state.started == nil && state.logDirectory == nil)
        #expect(state.execs.map(\.id) == recording.messages(.exec)[1...1].map { $0.fields.string(.process) } && state.execs.allSatisfy { $0.code == nil })
        try await container.resize(process: "x", rows: 3, columns: 4)
        let log = LogSpecification(driverPath: "/none.so", stateDirectory: "/none", options: [:], labels: [:], checksOwnership: false)
        if version == 1 {
            await #expect(throws: EngineError.self) { try await container.replaceLog(log, mark: "m") }
        } else {
            try await container.replaceLog(log, mark: "m")
        }
        process.signal(SIGKILL)
        shim.end()
        var events: [RuntimeEvent] = []
        for await event in container.events { events.append(event) }
        let exits = recording.messages(.exited).suffix(2).map { RuntimeEvent.exited(process: $0.fields.string(.process), code: Int32($0.fields.number(.code)), time: $0.fields.number(.time)) }
        #expect(events == exits + [.ended])
        #expect(shim.unknown == 0, "it got no kind that its version does not have")
    }
}
