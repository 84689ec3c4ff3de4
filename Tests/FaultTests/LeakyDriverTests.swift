import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("drivers leak", .enabled(if: Torture.isRoot), .serialized)
struct LeakyDriverTests {
    @Test("what an isolated driver leaks ends with its process; a trusted one's shows in the daemon's metrics, and ends with the daemon", arguments: [true, false])
    func volumes(isIsolated: Bool) throws {
        let engine = Engine(number: 67, arguments: isIsolated ? [] : ["--trusted-driver", "volume/treacherous"])
        engine.start()
        defer { engine.discard() }
        let control = "\(engine.root)/treachery"
        let driver = try #require(TreacherousDriver.all.first { $0.kind == "volume" })
        let installed = engine.gantry("driver", "install", try driver.build(in: "\(engine.root)/driver", control: control))
        #expect(installed.status == 0, "\(installed.everything)\(engine.log)")
        #expect(engine.gantry("volume", "create", "-d", "treacherous", "kept").status == 0)
        let before = engine.objects(), open = openFiles(engine)
        try Files.replace(control, with: Array("create leak".utf8))
        for number in 1...5 { #expect(engine.gantry("volume", "create", "-d", "treacherous", "leak\(number)").status == 0) }
        unlink(control)
        // 20 descriptors each time.
        if isIsolated {
            let leaky = hosts(engine).filter { descriptors($0) >= 100 }
            #expect(leaky.count == 1, "the driver's process has them")
            for process in leaky { kill(process, SIGKILL) }
            #expect(Eventually.holds { engine.gantry("volume", "rm", "leak1").status == 0 }, "another process takes its place")
            #expect(hosts(engine).allSatisfy { descriptors($0) < 100 })
        } else {
            #expect(openFiles(engine) >= open + 100, "\(open) before, \(openFiles(engine)) now")
            engine.crash()
            #expect(openFiles(engine) < open + 20, "\(open) before, \(openFiles(engine)) now")
            engine.gantry("volume", "rm", "leak1")
        }
        for number in 2...5 { #expect(engine.gantry("volume", "rm", "leak\(number)").status == 0) }
        #expect(Eventually.holds { engine.objects().growth(since: before).isEmpty }, "\(engine.objects().growth(since: before))")
    }

    private func openFiles(_ engine: Engine) -> Double { (try? Exposition(engine.request("GET", "/metrics").output).samples["process_open_fds"]) ?? -1 }

    private func hosts(_ engine: Engine) -> [Int32] {
        Command.run(["pgrep", "-P", "\(engine.pid)", "gantry-driver"]).output.split(separator: "\n").compactMap { Int32($0) }
    }

    private func descriptors(_ process: Int32) -> Int { (try? Files.list("/proc/\(process)/fd").count) ?? 0 }
}
