import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Containers that end while no daemon is there.
@Suite("ends without a daemon", .enabled(if: Shared.isRoot), .serialized)
struct AdoptionEndTests {
    /// A container that goes on to `command` when its daemon has been killed.
    private func runOrphan(_ engine: Engine, _ name: String, _ command: String, _ arguments: String...) {
        let wait = "while [ ! -e /go/on ]; do sleep 0.02; done; "
        let run = engine.run(["run", "-d", "--name", name, "-v", "\(engine.root)/go:/go"] + arguments + ["busybox", "sh", "-c", wait + command])
        #expect(run.status == 0, "\(run.everything)")
    }

    /// Kills the daemon and waits until these containers have ended.
    private func kill(_ engine: Engine, untilEndOf names: [String]) {
        let shims = names.map { engine.shim(of: $0) }
        #expect(!shims.contains(0))
        engine.kill()
        Command.run(["touch", "\(engine.root)/go/on"])
        #expect(engine.eventually { !shims.contains(where: Engine.runs) })
    }

    private static func now() -> String { Command.run(["date", "-u", "+%Y-%m-%dT%H:%M:%S.%NZ"]).output.trimmed }

    @Test("its code, its time, that it ran out of memory, its event; wait and --rm, volumes too")
    func ends() {
        withEngine(58) { engine in
            let start = Self.now()
            runOrphan(engine, "six", "exit 6")
            runOrphan(engine, "hungry", "tail /dev/zero", "-m", "8m")
            runOrphan(engine, "gone", "true", "--rm", "-v", "/data", "-v", "named:/other")
            let anonymous = inspect(engine, "{{range .Mounts}}{{.Name}} {{end}}", "gone").split(separator: " ").map(String.init).first { $0.count == 64 } ?? ""
            #expect(engine.gantry("volume", "inspect", anonymous).status == 0)
            kill(engine, untilEndOf: ["six", "hungry", "gone"])
            let end = Self.now()
            usleep(300_000)
            engine.crash(attempts: 2)
            #expect(inspect(engine, "{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}", "six") == "exited 6 false")
            let finished = inspect(engine, "{{.State.FinishedAt}}", "six")
            #expect(start < finished && finished < end, "\(start) < \(finished) < \(end)")
            #expect(inspect(engine, "{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}", "hungry") == "exited 137 true")
            #expect(engine.gantry("wait", "six").output.trimmed == "6")
            #expect(engine.eventually { engine.gantry("inspect", "gone").status == 1 })
            #expect(engine.eventually { engine.gantry("volume", "ls", "-q").output == "named\n" }, "an anonymous volume goes with its container")
            #expect(engine.eventually { engine.objects().counts["running containers' folders"] == 0 })
            engine.kill()
            engine.start()
            #expect(engine.gantry("wait", "six").output.trimmed == "6")
        }
    }

    @Test("the end of a container that a killed daemon left is an event of the next one")
    func event() {
        withEngine(59) { engine in
            runOrphan(engine, "nine", "exit 9")
            kill(engine, untilEndOf: ["nine"])
            engine.start()
            let events = {
                engine.gantry("events", "--since", "1h", "--until", "0s", "--filter", "event=die", "--format", "{{.Actor.Attributes.name}} {{.Actor.Attributes.exitCode}}").output
            }
            #expect(engine.eventually { events() == "nine 9\n" }, "\(events())")
        }
    }

    /// Each start adds a line.
    private static let counted = "echo x >>/data/starts; sleep 0.3; exit 1"
    private func starts(_ engine: Engine, _ name: String) -> Int {
        engine.gantry("run", "--rm", "-v", "\(name):/data", "busybox", "cat", "/data/starts").output.split(separator: "\n").count
    }

    @Test("restart policies act once on what died, count on, and do not wake what was stopped")
    func policies() {
        withEngine(58) { engine in
            for (name, policy) in [("counted", "on-failure:3"), ("once", "on-failure"), ("never", "no")] {
                let script = name == "once" ? "echo x >>/data/starts; sleep 0.5; [ $(grep -c x /data/starts) = 2 ]" : Self.counted
                engine.gantry("run", "-d", "--name", name, "--restart", policy, "-v", "\(name):/data", "busybox", "sh", "-c", script)
            }
            for (name, policy) in [("always", "always"), ("unless", "unless-stopped"), ("stopped", "unless-stopped"), ("back", "always")] {
                engine.gantry("run", "-d", "--name", name, "--restart", policy, "-v", "\(name):/data", "busybox", "sh", "-c", "echo x >>/data/starts; exec sleep 1000")
            }
            engine.gantry("stop", "-t", "0", "stopped", "back")
            let processes = ["always", "unless"].map { engine.firstProcess(of: $0) }, all = ["always", "unless", "counted", "once", "never"].map { engine.shim(of: $0) }
            engine.kill()
            for process in processes { Glibc.kill(process, SIGKILL) }
            #expect(engine.eventually { !all.contains { $0 > 0 && Engine.runs($0) } })
            engine.crash(attempts: 3)
            func settled(_ name: String, _ wanted: String) -> Bool {
                engine.eventually { inspect(engine, "{{.State.Status}} {{.RestartCount}}", name) == wanted }
            }
            #expect(settled("counted", "exited 3"), "\(inspect(engine, "{{.State.Status}} {{.RestartCount}}", "counted"))")
            #expect(settled("once", "exited 1"), "\(inspect(engine, "{{.State.Status}} {{.RestartCount}}", "once"))")
            #expect(settled("never", "exited 0"))
            #expect(settled("always", "running 1") && settled("unless", "running 1"))
            #expect(settled("back", "running 0"), "always means: with the daemon too")
            #expect(settled("stopped", "exited 0"))
            for (name, count) in [("counted", 4), ("once", 2), ("never", 1), ("always", 2), ("unless", 2), ("stopped", 1), ("back", 2)] {
                #expect(starts(engine, name) == count, "\(name) was started \(starts(engine, name)) times")
            }
        }
    }

    @Test("a shim that was killed is one thing, a machine that was started again another")
    func boots() throws {
        try withEngine(59) { engine in
            for name in ["killed", "earlier"] { engine.gantry("run", "-d", "--name", name, "busybox", "sleep", "1000") }
            let pids = ["killed", "earlier"].map { engine.firstProcess(of: $0) }, shims = pids.map { Engine.parent($0) }
            engine.kill()
            Glibc.kill(shims[0], SIGKILL)
            engine.start()
            #expect(engine.eventually { !Engine.runs(pids[0]) }, "what it left behind is gone")
            #expect(inspect(engine, "{{.State.Status}} {{.State.ExitCode}}", "killed") == "exited 137")
            #expect(inspect(engine, "{{.State.Status}}", "earlier") == "running")
            engine.kill()
            Glibc.kill(shims[1], SIGKILL)
            Glibc.kill(pids[1], SIGKILL)
            try Files.replace("\(engine.execRoot)/boot", with: Array("another\n".utf8))
            engine.crash(attempts: 2)
            #expect(inspect(engine, "{{.State.Status}} {{.State.ExitCode}}", "earlier") == "exited 255")
        }
    }
}
