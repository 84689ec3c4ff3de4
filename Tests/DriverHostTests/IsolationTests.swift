import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem
import Synchronization
import TestSupport
import Testing

@Suite("isolated drivers")
struct IsolationTests {
    private let folder: TestFolder
    private let crashes = Crashes()
    private let registry: DriverRegistry

    private final class Crashes: Sendable {
        let all = Mutex<[String]>([])
        func add(_ text: String) { all.withLock { $0.append(text) } }
    }

    init() throws {
        folder = try TestFolder()
        try Builds.compile("faulty.c", to: "\(folder.path)/libvolume-faulty.so")
        try Builds.compile("ring.c", to: "\(folder.path)/liblog-ring.so")
        for name in ["log-json-file", "storage-vfs"] { try Files.replace("\(folder.path)/lib\(name).so", with: try Files.read(Builds.driver(name))) }
        let crashes = crashes
        registry = Self.registry(folder.path, callDeadline: .seconds(60)) { crashes.add($0) }
    }

    private static func registry(_ folder: String, callDeadline: Duration, _ crashed: @escaping @Sendable (String) -> Void = { _ in }) -> DriverRegistry {
        DriverRegistry(
            .init(
                directories: [folder], stateRoot: "\(folder)/state", mark: "t", checksOwnership: false, callDeadline: callDeadline,
                callGrace: .seconds(1), isolation: DriverIsolation(program: "\(Builds.folder)/gantry-driver-host"), log: { _, _, _ in },
                crashed: { crashed("\($0)/\($1): \($2)") }))
    }

    private func failure(_ body: () async throws(EngineError) -> Void) async -> EngineError? {
        do throws(EngineError) {
            try await body()
            return nil
        } catch { return error }
    }

    private func create(_ name: String, in other: DriverRegistry? = nil) async -> EngineError? {
        await failure { () async throws(EngineError) in try await (other ?? registry).volume("faulty").create(name, options: [:]) }
    }

    private var status: DriverStatus? { status(registry) }
    private func status(_ registry: DriverRegistry) -> DriverStatus? { registry.statuses().first { $0.name == "faulty" } }

    /// Until a volume is made; false: it never was.
    private func isBack(_ registry: DriverRegistry) async throws -> Bool {
        for _ in 0..<1000 {
            if await create("fine", in: registry) == nil { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    @Test("calls reach a process of the driver's own and their results come back")
    func works() async throws {
        let volumes = try await registry.volume("faulty")
        try await volumes.create("one", options: [:])
        #expect(try await volumes.walk() == [Volume(name: "one", mountpoint: "", created: 5)])
        #expect(try await volumes.mount("one", user: "u") == [Mount(type: "bind", source: "\(folder.path)/state/volume/faulty/one", target: "", flags: 4096)])
        let usage = try await volumes.usage("one")
        #expect(usage.bytes == 42 && usage.inodes != Int64(getpid()))
        #expect(status?.isIsolated == true && status?.summary == "Crashes and hangs when told")
        let gone = await failure { () async throws(EngineError) in try await volumes.remove("two") }
        #expect(gone?.code == .notFound && gone?.message == "there is no such volume")
    }

    @Test("a crash is one failed call with the driver's name, and the next call finds a new process")
    func crash() async throws {
        let before = try await registry.volume("faulty").usage("x").inodes
        let error = await create("crash")
        #expect(error?.code == .driverFailed)
        #expect(error?.message == "volume driver faulty: it crashed (Segmentation fault) in create; it is started again for the next call")
        #expect(await create("after") == nil)
        #expect(try await registry.volume("faulty").usage("x").inodes != before)
        #expect(crashes.all.withLock { $0 } == ["volume/faulty: it crashed (Segmentation fault)"])
        #expect(status?.calls.restarts == 1 && status?.calls.errors == 1)
    }

    @Test("one that hangs while it is loaded does not outlive the engine")
    func orphan() throws {
        let stick = "\(folder.path)/stick.h"
        try Files.replace(stick, with: Array("#include <unistd.h>\n__attribute__((constructor)) static void stick(void) { for (;;) pause(); }\n".utf8))
        let driver = try Builds.compile("faulty.c", to: "\(folder.path)/libvolume-stuck.so", ["-include", stick])
        // Its socket is a pipe that nobody holds the other end of.
        let host = Command.run(["bash", "-c", "exec \(Builds.folder)/gantry-driver-host \(driver) unchecked 3< <(:)"])
        #expect(host.status == 1, "\(host.everything)")
    }

    @Test("one that ends again and again is started ever later")
    func backOff() async throws {
        var ends = 0, error: EngineError?
        // The pauses are counted from a start, and become longer than any start takes.
        for _ in 0..<12 {
            error = await create("exit")
            if error?.code == .unavailable { break }
            #expect(error?.message == "volume driver faulty: its process ended with status 7 in create; it is started again for the next call")
            ends += 1
        }
        #expect(ends >= 2)
        #expect(error?.message.hasPrefix("the volume driver faulty ended \(ends) times in a row; it is started again in ") == true, "\(error?.message ?? "")")
        #expect(try await isBack(registry))
    }

    @Test("a hang ends at its deadline, and with it the process; the driver serves on")
    func hang() async throws {
        let registry = Self.registry(folder.path, callDeadline: .milliseconds(500))
        #expect(await create("hang", in: registry)?.code == .deadlineExceeded)
        #expect(try await isBack(registry) && status(registry)?.state == .loaded)
    }

    @Test("a call that is cancelled returns with the driver's word")
    func cancelled() async throws {
        let registry = Self.registry(folder.path, callDeadline: .seconds(2))
        #expect(await create("wait", in: registry)?.message == "cancelled while waiting")
        #expect(await create("fine", in: registry) == nil && status(registry)?.calls.restarts == 0)
    }

    @Test("a process that dies between two calls costs no call")
    func diesIdle() async throws {
        let pid = Int32(try await registry.volume("faulty").usage("x").inodes)
        kill(pid, SIGKILL)
        // Its socket is closed with the last of its threads.
        while Engine.runs(pid) || ((try? Files.list("/proc/\(pid)/task")) ?? []).count > 1 { try await Task.sleep(for: .milliseconds(1)) }
        #expect(await create("fine") == nil)
        #expect(crashes.all.withLock { $0.count } == 1)
    }

    @Test("a write to a log that hangs is one failed call, and the next one finds a new process")
    func logHangs() throws {
        let path = try Builds.compile("lines.c", to: "\(folder.path)/liblog-lines.so"), gate = "\(folder.path)/gate"
        let log = try HostedLogDriver(
            program: "\(Builds.folder)/gantry-driver-host", path: path, checksOwnership: false,
            OpenContext(name: "c", stateDirectory: folder.path, options: ["gate": gate]), deadline: 3)
        let write: () throws -> Void = { try [gantry_log_line()].withUnsafeBufferPointer { try log.write(LogBatch(raw: $0)) } }
        #expect(throws: DriverError(EIO, "its process was killed in write; it is started again for the next call"), performing: write)
        try Files.replace(gate, with: [])
        try write()
        log.close()
    }

    @Test("a log is written and read through processes, binary and whole")
    func log() async throws {
        let state = "\(folder.path)/log"
        try Files.makeDirectories(state)
        let writer = try HostedLogDriver(
            program: "\(Builds.folder)/gantry-driver-host", path: "\(folder.path)/liblog-json-file.so", checksOwnership: false,
            OpenContext(name: "c", stateDirectory: state))
        for text in ["one", "two", String(repeating: "x", count: 100_000)] { try write(writer, [text]) }
        writer.close()
        let reader = try await registry.openLogReader("json-file", container: "c", stateDirectory: state, options: [:])
        let read = try await reader.read(LogQuery(), limit: 100)
        #expect(read.lines.map(\.bytes.count) == [3, 3, 100_000] && read.reachedEnd)
        let two = try await reader.read(LogQuery(), limit: 2)
        #expect(two.lines.count == 2 && !two.reachedEnd)
        await reader.close()
    }

    @Test("snapshots live in a process, with many calls at once")
    func storage() async throws {
        let storage = try await registry.storage("vfs")
        let mounts = try await storage.prepare("a", parent: "")
        #expect(mounts.count == 1)
        try await storage.commit("a", as: "base")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<12 { group.addTask { _ = try await storage.prepare("k\(number)", parent: "base") } }
            try await group.waitForAll()
        }
        #expect(try await storage.walk().count == 13)
        let busy = await failure { () async throws(EngineError) in try await storage.remove("base") }
        #expect(busy?.code == .conflict)
    }

    @Test("a file that is no driver is refused in the loader's words, and nothing runs here")
    func refused() async throws {
        try folder.write("liblog-text.so", "no ELF")
        registry.discover()
        let error = await failure { () async throws(EngineError) in _ = try await registry.log("text", options: [:]) }
        #expect(error?.message == "the driver file \(folder.path)/liblog-text.so was refused: it is not an ELF file" && error?.code == .dataCorrupted)
    }
}
