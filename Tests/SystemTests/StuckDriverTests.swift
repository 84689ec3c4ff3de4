import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("drivers that hang while the daemon starts", .enabled(if: Shared.isRoot), .serialized)
struct StuckDriverTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var kind, call: String
        var isolated: Bool
        var testDescription: String { "\(kind) in \(call)\(isolated ? ", isolated" : "")" }
    }

    @Test(
        "the daemon comes up, says so, serves everything else, and the driver serves again when it returns",
        arguments: [Case(kind: "storage", call: "walk", isolated: false), Case(kind: "storage", call: "open", isolated: true), Case(kind: "network", call: "walk", isolated: false)])
    func start(_ stuck: Case) throws {
        let engine = Engine(number: 22, arguments: stuck.isolated ? [] : ["--trusted-driver", "\(stuck.kind)/stuck"])
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        let gate = "\(engine.root)/gate", file = "\(gate)-\(stuck.call)"
        let driver = try Fixture.stuckDriver(stuck.kind, gate: gate, in: "\(engine.root)/driver")
        #expect(engine.gantry("driver", "install", driver).output == "\(stuck.kind)/stuck 0.1.0\n")
        let use = stuck.kind == "storage" ? ["--storage-driver", "stuck"] : ["--network", "net"]
        if stuck.kind == "network" { #expect(engine.gantry("network", "create", "-d", "stuck", "net").status == 0) }
        let made = engine.run(["run", "--name", "made"] + use + ["busybox", "echo", "made"])
        #expect(made.output == "made\n", "\(made.everything)")

        engine.kill()
        try Files.replace(file, with: [])
        engine.start()
        #expect(engine.gantry("ps", "-a", "--format", "{{.Names}}").output == "made\n")
        #expect(engine.gantry("run", "--rm", "busybox", "echo", "free").output == "free\n")
        let whole = String(decoding: try Files.read("\(engine.root)/daemon.log"), as: UTF8.self)
        #expect(whole.contains("the \(stuck.kind) driver stuck did not return from \(stuck.call) within 1"), "\(engine.log)")
        let state = engine.gantry("driver", "ls", "--format", "{{.Name}} {{.State}}").output
        #expect(stuck.isolated || state.contains("stuck wedged\n"), "\(state)")

        unlink(file)
        var back = ""
        for _ in 0..<100 where back != "back\n" {
            usleep(50_000)
            back = engine.run(["run", "--rm"] + use + ["busybox", "echo", "back"]).output
        }
        #expect(back == "back\n")
        #expect(engine.gantry("rm", "made").status == 0)
    }
}
