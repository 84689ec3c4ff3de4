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
        arguments: [
            Case(kind: "storage", call: "walk", isolated: false), Case(kind: "storage", call: "open", isolated: true), Case(kind: "network", call: "walk", isolated: false),
            Case(kind: "storage", call: "load", isolated: false),
        ])
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
        #expect(engine.eventually { engine.run(["run", "--rm"] + use + ["busybox", "echo", "back"]).output == "back\n" })
        #expect(engine.gantry("rm", "made").status == 0)
    }

    @Test("a driver that hangs while an image is removed holds up that removal, and nothing of other images")
    func removal() throws {
        let engine = Engine(number: 22, arguments: ["--trusted-driver", "storage/stuck"])
        engine.start()
        defer { engine.discard() }
        for name in ["busybox", "gone:1"] { engine.importBusybox(name) }
        let gate = "\(engine.root)/gate"
        #expect(engine.gantry("driver", "install", try Fixture.stuckDriver("storage", gate: gate, in: "\(engine.root)/driver")).status == 0)
        #expect(engine.gantry("run", "--rm", "--storage-driver", "stuck", "gone:1", "echo", "used").output == "used\n")
        try Files.replace("\(gate)-walk", with: [])
        let removal = engine.child("rmi", "gone:1")
        #expect(engine.waitForDump { $0.contains("storage/stuck\n    in it: walk for ") }, "\(engine.gantry("system", "dump").output)")
        let calls: [[String]] = [
            ["images"], ["image", "inspect", "busybox"], ["tag", "busybox", "other:1"], ["rmi", "other:1"], ["import", "\(engine.root)/busybox.tar", "new:1"],
            ["run", "--rm", "new:1", "true"], ["rmi", "new:1"], ["system", "dump"],
        ]
        for call in calls {
            let answer = engine.run(call)
            #expect(answer.status == 0, "\(call.joined(separator: " ")): \(answer.everything)")
        }
        unlink("\(gate)-walk")
        #expect(removal.finish().output.contains("Deleted: "))
    }

    @Test("a network's name is taken until its driver has removed it")
    func networkRemoval() throws {
        let engine = Engine(number: 22, arguments: ["--trusted-driver", "network/stuck"])
        engine.start()
        defer { engine.discard() }
        let gate = "\(engine.root)/gate"
        #expect(engine.gantry("driver", "install", try Fixture.stuckDriver("network", gate: gate, in: "\(engine.root)/driver")).status == 0)
        #expect(engine.gantry("network", "create", "-d", "stuck", "net").status == 0)
        try Files.replace("\(gate)-remove", with: [])
        let removal = engine.child("network", "rm", "net")
        #expect(engine.waitForDump { $0.contains("in it: remove_network for ") }, "\(engine.gantry("system", "dump").output)")
        let second = engine.gantry("network", "create", "net")
        #expect(second.errors == "Error response from daemon: network with name net already exists\n", "\(second.everything)")
        unlink("\(gate)-remove")
        #expect(removal.finish().output == "net\n")
        #expect(engine.gantry("network", "create", "net").status == 0)
    }

    @Test("a default volume driver that hangs holds up what needs a volume, and nothing else")
    func volumes() throws {
        let engine = Engine(number: 22)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        let gate = "\(engine.root)/gate", driver = try Fixture.stuckDriver("volume", name: "local", version: "99.0", gate: gate, in: "\(engine.root)/driver")
        #expect(engine.gantry("volume", "create", "vol").status == 0)
        let upgraded = engine.gantry("driver", "upgrade", "volume/local", driver)
        #expect(upgraded.status == 0, "\(upgraded.everything)")
        #expect(engine.gantry("run", "--name", "made", "-v", "vol:/data", "busybox", "true").status == 0)
        engine.kill()
        try Files.replace("\(gate)-open", with: [])
        engine.start()
        #expect(engine.gantry("ps", "-a", "--format", "{{.Names}}").output == "made\n")
        #expect(engine.gantry("volume", "ls", "-q").output == "vol\n")
        #expect(engine.gantry("run", "--rm", "busybox", "echo", "free").output == "free\n")
        let whole = String(decoding: try Files.read("\(engine.root)/daemon.log"), as: UTF8.self)
        #expect(whole.contains("the volume driver local did not return from open within 1"), "\(engine.log)")
        unlink("\(gate)-open")
        #expect(engine.eventually { engine.gantry("run", "--rm", "-v", "vol:/data", "busybox", "echo", "back").output == "back\n" })
        #expect(engine.gantry("rm", "made").status == 0)
    }
}
