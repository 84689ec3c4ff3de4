import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem
import Testing

@Suite("the registry")
struct RegistryTests {
    private let folder: TestFolder
    private let registry: DriverRegistry

    init() throws {
        folder = try TestFolder()
        try Builds.compile("ring.c", to: "\(folder.path)/liblog-ring.so")
        try Builds.compile("slow.c", to: "\(folder.path)/liblog-slow.so")
        for name in ["log-json-file", "volume-local"] {
            try Files.replace("\(folder.path)/lib\(name).so", with: try Files.read(Builds.driver(name)))
        }
        registry = Self.registry(folder.path, callDeadline: .seconds(60))
    }

    private static func registry(_ folder: String, callDeadline: Duration) -> DriverRegistry {
        DriverRegistry(
            .init(
                directories: [folder, "\(folder)/missing"], stateRoot: "\(folder)/state", mark: "t", defaults: [.log: "json-file", .volume: "local"],
                checksOwnership: false, callDeadline: callDeadline, callGrace: .milliseconds(100), log: { _, _, _ in }))
    }

    private func failure<R>(_ body: () async throws(EngineError) -> R) async -> EngineError? {
        do throws(EngineError) {
            _ = try await body()
            return nil
        } catch { return error }
    }

    @Test("drivers are found by the names of their files and loaded when they are wanted")
    func finds() async throws {
        let logs = registry.statuses().filter { $0.kind == .log }
        #expect(logs.map(\.name) == ["json-file", "ring", "slow"] && logs.allSatisfy { $0.state == .found })
        #expect(logs.map(\.isDefault) == [true, false, false])
        _ = try await registry.log("ring", options: [:])
        let ring = registry.statuses().first { $0.name == "ring" }
        #expect(ring?.state == .loaded && ring?.version == "1.0" && ring?.capabilities == ["read"])
    }

    @Test("the highest version of an installed driver counts, by numbers")
    func versions() async throws {
        for version in ["1.9.0", "1.10.0", "1.11.0.tmp"] {
            try Files.makeDirectories("\(folder.path)/i/log-ring/\(version)")
            try Builds.compile("ring.c", to: "\(folder.path)/i/log-ring/\(version)/liblog-ring.so")
        }
        let registry = DriverRegistry(.init(directories: ["\(folder.path)/i"], stateRoot: folder.path, checksOwnership: false))
        #expect(registry.statuses().map(\.version) == ["1.10.0"])
        #expect(registry.statuses().map(\.path) == ["\(folder.path)/i/log-ring/1.10.0/liblog-ring.so"])
    }

    @Test("a driver that doesn't exist is answered with those that do")
    func notFound() async {
        let log = await failure { () async throws(EngineError) in try await registry.log("nope", options: [:]) }
        #expect(log?.code == .notFound)
        #expect(log?.message == "logger: no log driver named 'nope' is registered; there are: json-file, ring, slow")
        let volume = await failure { () async throws(EngineError) in try await registry.volume("nope") }
        #expect(volume?.message == "volume driver \"nope\" not found; there are: local")
    }

    @Test("options are checked by name and type")
    func options() async throws {
        let unknown = await failure { () async throws(EngineError) in try await registry.log("json-file", options: ["foo": "1"]) }
        #expect(unknown?.code == .invalidArgument)
        #expect(unknown?.message.hasPrefix("unknown log opt 'foo' for json-file log driver (it knows compress, env, ") == true)
        let wrong = await failure { () async throws(EngineError) in try await registry.log(nil, options: ["max-size": "big"]) }
        #expect(wrong?.message == "invalid value \"big\" for option \"max-size\" of the log driver json-file: a size such as 512k, 10m or 1g is wanted")
        let count = await failure { () async throws(EngineError) in try await registry.log(nil, options: ["max-file": "x"]) }
        #expect(count?.message == "invalid value \"x\" for option \"max-file\" of the log driver json-file: an integer is wanted")
        for good in ["-1", "10m", "1.5g", "512KB", "4096", "20 MiB"] { _ = try await registry.log(nil, options: ["max-size": good, "compress": "false"]) }
        for (options, message) in [
            (["mode": "maybe"], "logger: logging mode not supported: maybe"),
            (["max-buffer-size": "1m"], "logger: max-buffer-size option is only supported with 'mode=non-blocking'"),
            (["mode": "blocking", "max-buffer-size": "1m"], "logger: max-buffer-size option is only supported with 'mode=non-blocking'"),
            (["mode": "non-blocking", "max-buffer-size": "much"], "error parsing option max-buffer-size: much: invalid size: 'much'"),
            (["mode": "non-blocking", "max-buffer-size": "-1"], "error parsing option max-buffer-size: -1: invalid size: '-1'"),
        ] {
            let error = await failure { () async throws(EngineError) in try await registry.log("json-file", options: options) }
            #expect(error?.message == message && error?.code == .invalidArgument)
        }
        let accepted = try await registry.log("json-file", options: ["mode": "non-blocking", "max-buffer-size": "1m", "max-file": "2"])
        #expect(accepted.options == ["max-file": "2"] && accepted.buffer == 1 << 20)
        #expect(try await registry.log("json-file", options: ["mode": "non-blocking"]).buffer == 1_000_000)
        #expect(try await registry.log("json-file", options: ["mode": "blocking"]).buffer == nil)
        let volume = await failure { () async throws(EngineError) in try await registry.volume(nil).create("v", options: ["x": "1"]) }
        #expect(volume?.message == "invalid option: \"x\" for the volume driver local (it knows device, o, type)")
    }

    @Test("a refused driver says why, and is tried again")
    func failedState() async throws {
        try folder.write("liblog-text.so", "no ELF")
        registry.discover()
        let error = await failure { () async throws(EngineError) in try await registry.log("text", options: [:]) }
        #expect(error?.message == "the driver file \(folder.path)/liblog-text.so was refused: it is not an ELF file")
        #expect(registry.statuses().first { $0.name == "text" }?.state == .failed(error?.message ?? ""))
        unlink("\(folder.path)/liblog-text.so")
        registry.discover()
        #expect(registry.statuses().allSatisfy { $0.name != "text" })
    }

    @Test("a search while there are no descriptors forgets no driver")
    func discoverWithoutDescriptors() {
        let before = registry.statuses().map(\.path)
        var limit = rlimit(), none = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        none.rlim_max = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none)
        registry.discover()
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #expect(!before.isEmpty && registry.statuses().map(\.path) == before)
    }

    @Test("a storage, network or volume driver has one instance, however many ask at once")
    func oneInstance() async throws {
        let instances = try await withThrowingTaskGroup(of: VolumeInstance.self) { group in
            for _ in 0..<20 { group.addTask { [registry] in try await registry.volume(nil) } }
            return try await group.reduce(into: [VolumeInstance]()) { $0.append($1) }
        }
        #expect(Set(instances.map(ObjectIdentifier.init)).count == 1)
    }

    private func slow(_ name: String, in registry: DriverRegistry? = nil) async throws -> LogReaderInstance {
        let state = "\(folder.path)/\(name)"
        try Files.makeDirectories(state)
        return try await (registry ?? self.registry).openLogReader("slow", container: name, stateDirectory: state, options: [:])
    }

    /// One that gives a call a second.
    private var hasty: DriverRegistry { Self.registry(folder.path, callDeadline: .seconds(1)) }

    private func release(_ name: String) throws { try folder.write("\(name)/release", "") }

    @Test("calls of one instance never overlap")
    func serial() async throws {
        let reader = try await slow("serial")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<30 { group.addTask { _ = try await reader.read(LogQuery(since: 3), limit: 9) } }
            try await group.waitForAll()
        }
        await reader.close()
        #expect(registry.statuses().first { $0.name == "slow" }.map { $0.calls.count >= 31 && $0.calls.errors == 0 } == true)
    }

    @Test("a call that is late is cancelled, and the instance serves on")
    func obeys() async throws {
        let reader = try await slow("obeys", in: hasty)
        let error = await failure { () async throws(EngineError) in try await reader.read(LogQuery(since: 2), limit: 1) }
        #expect(error?.code == .cancelled && error?.message == "cancelled while waiting")
        #expect(try await reader.read(LogQuery(), limit: 1).lines.map(\.text) == ["a line"])
    }

    @Test("who stops waiting cancels the call", .timeLimit(.minutes(1)))
    func taskCancelled() async throws {
        let reader = try await slow("task", in: Self.registry(folder.path, callDeadline: .seconds(600)))
        let task = Task { await failure { () async throws(EngineError) in try await reader.read(LogQuery(since: 2), limit: 1) } }
        try await Task.sleep(for: .milliseconds(20))
        task.cancel()
        #expect(await task.value?.code == .cancelled)
    }

    @Test("a call that hangs is given up; the others go on; it serves again when that call returns")
    func wedged() async throws {
        let registry = hasty, deaf = try await slow("deaf", in: registry), other = try await slow("other", in: registry)
        async let waiting = failure { () async throws(EngineError) in try await deaf.read(LogQuery(since: 1), limit: 1) }
        try await Task.sleep(for: .milliseconds(30))
        async let behind = failure { () async throws(EngineError) in try await deaf.read(LogQuery(), limit: 1) }
        #expect(try await other.read(LogQuery(), limit: 1).lines.count == 1)
        let error = await waiting
        #expect(error?.code == .deadlineExceeded)
        #expect(error?.message.hasPrefix("the log driver slow did not return from read within ") == true)
        #expect(await behind?.code == .unavailable)
        #expect(registry.statuses().first { $0.name == "slow" }?.state == .wedged)
        let refused = await failure { () async throws(EngineError) in try await deaf.read(LogQuery(), limit: 1) }
        #expect(refused?.message == "the log driver slow hangs in an earlier call; it serves again when that returns, or after a restart of the daemon")
        #expect(try await other.read(LogQuery(), limit: 1).lines.count == 1)
        try release("deaf")
        try await eventually { await failure { () async throws(EngineError) in try await deaf.read(LogQuery(), limit: 1) }?.code == nil }
        #expect(registry.statuses().first { $0.name == "slow" }?.state == .loaded)
    }

    @Test("a driver with too many hanging calls is refused as a whole")
    func exhausted() async throws {
        let registry = hasty
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let reader = try await slow("x\(number)", in: registry)
                    let error = await failure { () async throws(EngineError) in try await reader.read(LogQuery(since: 1), limit: 1) }
                    #expect(error?.code == .deadlineExceeded)
                }
            }
            try await group.waitForAll()
        }
        let error = await failure { () async throws(EngineError) in
            try await registry.openLogReader("slow", container: "x", stateDirectory: folder.path, options: [:])
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message == "the log driver slow is refused: 8 calls of it hang; see what it waits for, then restart the daemon")
        _ = try await registry.log("ring", options: [:])
        for number in 0..<8 { try release("x\(number)") }
        try await eventually { registry.statuses().first { $0.name == "slow" }?.state == .loaded }
    }

    private func eventually(_ condition: () async -> Bool) async throws {
        for _ in 0..<3000 {
            if await condition() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("it never happened")
    }
}
