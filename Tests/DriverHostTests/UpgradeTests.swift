import DriverHost
import DriverKit
import EngineErrors
import LinuxSystem
import Synchronization
import TestSupport
import Testing

/// Set once, by one task for others.
private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}

@Suite("upgrade of a driver")
struct UpgradeTests {
    private let folder: TestFolder

    init() throws {
        folder = try TestFolder()
        try Files.makeDirectories("\(folder.path)/old")
        try Builds.compile("faulty.c", to: "\(folder.path)/old/libvolume-faulty.so", ["-DCAPS=GANTRY_CAP_CONCURRENT"])
    }

    private func registry(isolated: Bool, callDeadline: Duration = .seconds(60)) -> DriverRegistry {
        DriverRegistry(
            .init(
                directories: ["\(folder.path)/old"], stateRoot: "\(folder.path)/state", checksOwnership: false, callDeadline: callDeadline,
                callGrace: .milliseconds(100), isolation: DriverIsolation(program: isolated ? "\(Builds.folder)/gantry-driver-host" : nil), log: { _, _, _ in }))
    }

    /// Another version of the driver, by macros.
    private func build(_ version: String, _ flags: [String] = []) throws -> String {
        try Files.makeDirectories("\(folder.path)/\(version)")
        return try Builds.compile("faulty.c", to: "\(folder.path)/\(version)/libvolume-faulty.so", ["-DVERSION=\"\(version)\"", "-DCAPS=GANTRY_CAP_CONCURRENT"] + flags)
    }

    private func failure(_ body: () async throws(EngineError) -> Void) async -> EngineError? {
        do throws(EngineError) {
            try await body()
            return nil
        } catch { return error }
    }

    @Test("a version takes another's place under calls, and no call fails", arguments: [false, true])
    func underCalls(isolated: Bool) async throws {
        let registry = registry(isolated: isolated), path = try build("1.1"), volumes = try await registry.volume("faulty")
        let isDone = Flag()
        let made = try await withThrowingTaskGroup(of: Int.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    var made = 0
                    while !isDone.isSet || made < 20 {
                        try await volumes.create("v\(writer)-\(made)", options: [:])
                        made += 1
                    }
                    return made
                }
            }
            try await Task.sleep(for: .milliseconds(50))
            try await registry.upgrade(.volume, "faulty", to: path, version: "1.1")
            try await Task.sleep(for: .milliseconds(50))
            isDone.set()
            return try await group.reduce(0, +)
        }
        #expect(try await volumes.walk().count == made)
        let statuses = registry.statuses()
        #expect(statuses.map(\.version) == ["1.1", "1.0"] && statuses.map(\.state) == [.loaded, .replaced])
        #expect(statuses[0].calls.errors == 0 && statuses[0].calls.count >= made)
    }

    @Test("a version that does not open leaves the old one in its place", arguments: [false, true])
    func rollsBack(isolated: Bool) async throws {
        let registry = registry(isolated: isolated), path = try build("2.0", ["-DREFUSE"]), volumes = try await registry.volume("faulty")
        let error = await failure { () async throws(EngineError) in try await registry.upgrade(.volume, "faulty", to: path, version: "2.0") }
        #expect(error?.message == "the volume driver faulty was not upgraded, version 1.0 serves on: volume driver faulty: this version never opens")
        try await volumes.create("still", options: [:])
        #expect(try await volumes.walk().map(\.name) == ["still"])
        #expect(registry.statuses().map(\.version) == ["1.0"])
    }

    @Test("it waits for calls under way, and gives up when they hang")
    func hanging() async throws {
        let registry = registry(isolated: true, callDeadline: .milliseconds(1500)), path = try build("1.2"), volumes = try await registry.volume("faulty")
        async let slow: Void = volumes.create("slow", options: [:])
        try await Task.sleep(for: .milliseconds(10))
        try await registry.upgrade(.volume, "faulty", to: path, version: "1.2")
        try await slow
        let hang = Task { try? await volumes.create("hang", options: [:]) }
        while registry.callsUnderWay().isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        let call = registry.callsUnderWay()[0]
        #expect(call.kind == .volume && call.driver == "faulty" && call.operation == "create" && call.age > 0)
        let error = await failure { () async throws(EngineError) in try await registry.upgrade(.volume, "faulty", to: try! build("1.3"), version: "1.3") }
        #expect(
            error?.message
                == "the volume driver faulty was not upgraded, version 1.2 serves on: the volume driver faulty was not replaced: calls of version 1.2 have been under way for 1 s; see `gantry driver ps`"
                || error == nil)
        await hang.value
        #expect(await failure { () async throws(EngineError) in try await volumes.create("fine", options: [:]) } == nil)
    }

    @Test("only a newer version may come")
    func versions() async throws {
        let registry = registry(isolated: false)
        let same = await failure { () async throws(EngineError) in try await registry.checkUpgrade(.volume, "faulty", to: "1.0") }
        #expect(same?.code == .conflict && same?.message == "version 1.0 of the volume driver faulty serves already")
        let older = await failure { () async throws(EngineError) in try await registry.checkUpgrade(.volume, "faulty", to: "0.9") }
        #expect(older?.message == "version 0.9 of the volume driver faulty is older than 1.0, which serves; the newest one would serve again after a restart")
        #expect(await failure { () async throws(EngineError) in try await registry.checkUpgrade(.volume, "faulty", to: "1.10") } == nil)
    }
}
