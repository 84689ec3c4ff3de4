import FaultHarness
import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("a container's shim is killed", .enabled(if: Torture.isRoot), .serialized)
struct ShimKillTests {
    @Test("the container is reported and cleaned up, its restart policy acts, and others are untouched", arguments: [false, true])
    func one(daemonIsKilledToo: Bool) throws {
        let engine = Engine(number: 62)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        engine.gantry("run", "-d", "--name", "bystander", "-p", "127.0.0.1::80", "-v", "bystander:/data", "busybox", "sleep", "1000")
        engine.gantry("exec", "bystander", "true")
        let bystander = engine.gantry("inspect", "--format", "{{.State.Pid}}", "bystander").output
        engine.withoutLeaks { name in
            let run = engine.gantry("run", "-d", "--name", name, "-p", "127.0.0.1:18062:80", "-v", "\(name):/data", "busybox", "sh", "-c", "sleep 1000 & exec sleep 1000")
            #expect(run.status == 0, "\(run.everything)")
            engine.gantry("exec", "-d", name, "sleep", "1000")
            let restarting = engine.gantry("run", "-d", "--name", "\(name)again", "--restart", "always", "busybox", "sleep", "1000")
            #expect(restarting.status == 0, "\(restarting.everything)")
            let processes = Processes.inside(engine, name), shims = [name, "\(name)again"].map { Processes.shim(engine, $0) }
            #expect(processes.count == 3 && !shims.contains(0), "\(processes), \(shims)")
            if daemonIsKilledToo { engine.kill() }
            for shim in shims { kill(shim, SIGKILL) }
            if daemonIsKilledToo { engine.start() }
            #expect(Eventually.holds { engine.gantry("inspect", "--format", "{{.State.Status}}", name).output == "exited\n" })
            #expect(["137\n", "255\n"].contains(engine.gantry("inspect", "--format", "{{.State.ExitCode}}", name).output))
            let events = engine.gantry("events", "--since", "1", "--until", "\(time(nil) + 1)", "--filter", "container=\(name)", "--filter", "event=die", "--format", "{{.Action}}").output
            #expect(events == "die\n", "\(events)")
            for process in processes { #expect(Eventually.holds { !Processes.isAlive(process) }, "its process \(process) lives on") }
            #expect(engine.gantry("wait", name).status == 0)
            #expect(Eventually.holds { engine.gantry("inspect", "--format", "{{.State.Running}} {{gt .RestartCount 0}}", "\(name)again").output.hasPrefix("true") })
            #expect(Processes.shim(engine, "\(name)again") != shims[1])
            let again = engine.gantry("run", "--rm", "-p", "127.0.0.1:18062:80", "busybox", "true")
            #expect(again.status == 0, "its port is free: \(again.everything)")
            #expect(engine.gantry("inspect", "--format", "{{.State.Pid}}", "bystander").output == bystander)
            #expect(engine.gantry("exec", "bystander", "true").status == 0)
            #expect(engine.gantry("start", name).status == 0, "it starts again")
            engine.gantry("rm", "-f", name)
            #expect(engine.gantry("volume", "rm", name).status == 0, "its volume is free")
        }
    }
}
