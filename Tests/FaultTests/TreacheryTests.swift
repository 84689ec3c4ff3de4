import FaultHarness
import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("drivers crash, hang, lie and leak", .enabled(if: Torture.isRoot), .serialized)
struct TreacheryTests {
    /// In the short form each betrayal comes once, in one call or another, and a trusted driver knows two.
    private static func betrayals(of driver: TreacherousDriver, isIsolated: Bool) -> [(call: String, command: [String], betrayal: String)] {
        let betrayals = isIsolated || Torture.rounds != nil ? driver.betrayals + ["hang"] : ["crash", "garbage"]
        let all = betrayals.enumerated().map { index, betrayal in
            (Torture.rounds == nil ? [driver.calls[index % driver.calls.count]] : driver.calls).map { ($0.call, $0.command, betrayal) }
        }
        return all.flatMap { $0 }
    }

    @Test("the engine answers, names the driver, and loses nothing of other drivers, nor of that one once it behaves", arguments: TreacherousDriver.all, [true, false])
    func betrayal(_ driver: TreacherousDriver, isIsolated: Bool) throws {
        let engine = Engine(number: 66, arguments: isIsolated ? [] : ["--trusted-driver", "\(driver.kind)/treacherous"])
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        let control = "\(engine.root)/treachery"
        let installed = engine.gantry("driver", "install", try driver.build(in: "\(engine.root)/driver", control: control))
        #expect(installed.status == 0, "\(installed.everything)\(engine.log)")
        if driver.kind == "network" { engine.gantry("network", "create", "-d", "treacherous", "kept") }
        if driver.kind == "volume" { engine.gantry("volume", "create", "-d", "treacherous", "kept") }
        let created = engine.run(["create", "--name", "kept"] + driver.flags + ["busybox", "sh", "-c", "mkdir -p /data; echo line >>/data/file; cat /data/file; echo end"])
        #expect(created.status == 0, "\(created.everything)")
        engine.gantry("run", "-d", "--name", "bystander", "-v", "bystander:/data", "busybox", "sh", "-c", "echo bystander >/data/file; sleep 1000")
        let bystander = engine.gantry("inspect", "--format", "{{.State.Pid}}", "bystander").output
        #expect(engine.gantry("start", "-a", "kept").output.hasSuffix("end\n"))

        var number = 0
        for (call, command, betrayal) in Self.betrayals(of: driver, isIsolated: isIsolated) {
            number += 1
            try Files.replace(control, with: Array("\(call) \(betrayal)".utf8))
            let child = Child(["\(engine.bin)/gantry"] + command.map { $0.replacing("NAME", with: "new\(number)").replacing("KEPT", with: "kept") }, environment: engine.environment)
            if betrayal == "hang" { wait(for: call, engine) }
            // Trusted, it takes the daemon along when it crashes; the next one has everything.
            let mayDie = !isIsolated && betrayal == "crash"
            if !mayDie { check(engine, bystander, "\(driver.kind) \(betrayal) in \(call)") }
            let answer: Command? = betrayal == "hang" ? nil : child.finish(seconds: 30)
            #expect(answer?.status != -1, "\(driver.kind) \(betrayal) in \(call): no answer")
            if let answer, answer.status != 0, betrayal != "lie", !mayDie, answer.errors.contains("treacher") == false {
                Issue.record("\(driver.kind) \(betrayal) in \(call): the driver is not named: \(answer.everything)")
            }
            unlink(control)
            if betrayal == "hang" || !Processes.isAlive(engine.pid) {
                #expect(betrayal == "hang" || mayDie, "\(driver.kind) \(betrayal) in \(call): the daemon died: \(engine.log)")
                engine.kill(mayHaveEnded: mayDie)
                engine.start()
                _ = child.finish(seconds: 30)
            }
            check(engine, bystander, "after \(driver.kind) \(betrayal) in \(call)")
            engine.gantry("stop", "-t", "0", "kept")
            var kept = engine.gantry("start", "-a", "kept")
            // One that crashed again and again is started a little later.
            for _ in 0..<50 where kept.errors.contains("it is started again in") {
                usleep(100_000)
                kept = engine.gantry("start", "-a", "kept")
            }
            #expect(kept.output.hasSuffix("end\n"), "\(driver.kind) \(betrayal) in \(call): what the driver holds is there: \(kept.everything)\(engine.log)")
        }
    }

    @Test("a network whose driver can't list it is there with the next daemon if it was made, and only then")
    func listing() throws {
        let engine = Engine(number: 66)
        engine.start()
        defer { engine.discard() }
        let control = "\(engine.root)/treachery"
        let driver = TreacherousDriver.all.first { $0.kind == "network" }!
        #expect(engine.gantry("driver", "install", try driver.build(in: "\(engine.root)/driver", control: control)).status == 0)
        try Files.replace(control, with: Array("walk fail".utf8))
        let made = engine.gantry("network", "create", "-d", "treacherous", "made")
        unlink(control)
        engine.crash()
        let expected = made.status == 0 ? "made\n" : ""
        #expect(engine.gantry("network", "ls", "-f", "driver=treacherous", "--format", "{{.Name}}").output == expected, "\(made.everything)")
    }

    /// The call has begun, and hangs; a daemon or a shim shows it, or the command has ended without it.
    private func wait(for call: String, _ engine: Engine) {
        _ = Eventually.holds(seconds: 2) { engine.gantry("driver", "ps", "--format", "{{.Driver}}").output.contains("treacherous") }
    }

    /// Everything that has nothing to do with the driver goes on.
    private func check(_ engine: Engine, _ bystander: String, _ when: String, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(engine.gantry("ps", "-a", seconds: 20).status == 0, "ps, \(when)", sourceLocation: sourceLocation)
        #expect(engine.gantry("run", "--rm", "busybox", "echo", "free", seconds: 20).output == "free\n", "run, \(when): \(engine.log)", sourceLocation: sourceLocation)
        #expect(engine.gantry("inspect", "--format", "{{.State.Pid}}", "bystander", seconds: 20).output == bystander, "inspect, \(when)", sourceLocation: sourceLocation)
        #expect(engine.gantry("exec", "bystander", "cat", "/data/file", seconds: 20).output == "bystander\n", "exec, \(when)", sourceLocation: sourceLocation)
    }
}
