import Glibc
import TestSupport
import Testing

@Suite("the life of a container", .enabled(if: Shared.isRoot), .serialized)
struct LifecycleTests {
    let engine = Shared.engine

    func state(_ name: String) -> String {
        engine.gantry("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", name).output.trimmed
    }

    @Test("create, start, stop, start again, kill, remove")
    func wholeLife() {
        engine.withoutLeaks { name in
            let created = engine.gantry("create", "--name", name, "busybox", "sh", "-c", "trap 'exit 5' TERM; while :; do sleep 0.1; done")
            #expect(created.output.trimmed.count == 64, "\(created.everything)")
            #expect(state(name) == "created 0")
            #expect(engine.gantry("start", name).output.trimmed == name)
            #expect(state(name) == "running 0")
            #expect(engine.gantry("stop", name).status == 0)
            #expect(state(name) == "exited 5")
            engine.gantry("start", name)
            let refused = engine.gantry("rm", name)
            #expect(refused.status == 1 && refused.errors.contains("container is running"), "\(refused.everything)")
            #expect(engine.gantry("kill", name).status == 0)
            #expect(state(name) == "exited 137")
            #expect(engine.gantry("rm", name).output.trimmed == name)
            let gone = engine.gantry("inspect", name)
            #expect(gone.status == 1 && gone.errors.lowercased().contains("no such"), "\(gone.everything)")
        }
    }

    @Test("a prune asks first, and takes what its filters allow")
    func prune() {
        let engine = Engine(number: 73)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        engine.gantry("create", "--name", "kept", "--label", "keep", "busybox")
        engine.gantry("create", "--name", "other", "busybox")
        engine.gantry("network", "create", "unused")
        engine.gantry("volume", "create", "--label", "keep", "data")
        let asked = engine.gantry("system", "prune", "--volumes", input: "n\n")
        #expect(asked.status == 0 && asked.output.hasSuffix("Are you sure you want to continue? [y/N] "), "\(asked.everything)")
        #expect(engine.gantry("container", "prune", "-f", "--filter", "until=24h").output == "Total reclaimed space: 0B\n")
        #expect(engine.docker("volume", "prune", "-af", "--filter", "label!=keep").output == "Total reclaimed space: 0B\n")
        #expect(engine.gantry("network", "prune", "-f", "--filter", "label=none").output.isEmpty)
        let pruned = engine.gantry("system", "prune", "--filter", "label!=keep", input: "y\n")
        #expect(pruned.output.contains("Deleted Containers:\n") && pruned.output.contains("Deleted Networks:\nunused\n"), "\(pruned.everything)")
        #expect(engine.gantry("ps", "-a", "--format", "{{.Names}}").output == "kept\n")
        #expect(engine.gantry("volume", "ls", "-q").output == "data\n")
        #expect(engine.docker("system", "prune", "-af", "--volumes").output.contains("Deleted Containers:\n"))
        #expect(engine.gantry("images", "-q").output.isEmpty && engine.gantry("volume", "prune", "-af").output.contains("Deleted Volumes:\ndata\n"))
    }

    @Test("one that ends by itself while it is killed and removed is not waited for again")
    func endOfItsOwn() {
        let complaints = { Command.run(["grep", "-c", "does not say so", "\(engine.root)/daemon.log"]).output }
        let before = complaints()
        engine.withoutLeaks { name in
            for _ in 0..<60 {
                _ = engine.request("POST", "/containers/create?name=\(name)", #"{"Image":"busybox","Cmd":["true"]}"#)
                _ = engine.request("POST", "/containers/\(name)/start")
                #expect(engine.request("DELETE", "/containers/\(name)?force=1").output.isEmpty)
            }
        }
        #expect(complaints() == before)
    }

    @Test("an init that ignores signals is killed when the time is over")
    func stubborn() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "busybox", "sh", "-c", "trap '' TERM; while :; do sleep 1; done")
            #expect(engine.gantry("stop", "-t", "1", name).status == 0)
            #expect(state(name) == "exited 137")
        }
    }

    @Test("wait gives the exit status, also of what ended before")
    func wait() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "busybox", "sh", "-c", "sleep 0.3; exit 9")
            #expect(engine.gantry("wait", name).output.trimmed == "9")
            #expect(engine.gantry("wait", name).output.trimmed == "9")
        }
    }

    @Test("pause freezes, unpause thaws, rename renames, restart restarts")
    func others() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "busybox", "sleep", "1000")
            #expect(engine.gantry("pause", name).status == 0)
            #expect(state(name) == "paused 0")
            #expect(engine.gantry("exec", name, "true").errors.contains("is paused"))
            #expect(engine.gantry("unpause", name).status == 0)
            #expect(engine.gantry("rename", name, name + "x").status == 0)
            #expect(engine.gantry("restart", "-t", "0", name + "x").status == 0)
            #expect(state(name + "x") == "running 0")
            #expect(engine.gantry("top", name + "x").output.contains("sleep 1000"))
        }
    }

    @Test("a restart policy acts, counts and stops at its limit")
    func restartPolicy() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "--restart", "on-failure:2", "busybox", "false")
            func count() -> String { inspect(engine, "{{.RestartCount}} {{.State.Status}}", name) }
            #expect(engine.eventually { count() == "2 exited" }, "\(count())")
        }
    }

    @Test("kill with a container's stop signal is a stop: no policy starts it again, and a paused one hears it")
    func killIsStop() {
        engine.withoutLeaks { name in
            func status(_ name: String) -> String { engine.gantry("inspect", "--format", "{{.State.Status}}", name).output.trimmed }
            let fails = "\(name)-fails", own = "\(name)-own", paused = "\(name)-paused"
            engine.gantry("run", "-d", "--name", fails, "--restart", "always", "busybox", "false")
            // Its pauses are longer and longer.
            func pauses() -> Bool {
                let words = inspect(engine, "{{.RestartCount}} {{.State.Status}}", fails).split(separator: " ")
                return words.last == "restarting" && words.first.flatMap { Int($0) } ?? 0 >= 4
            }
            #expect(engine.eventually(pauses))
            #expect(engine.gantry("kill", fails).status == 0)
            #expect(status(fails) == "exited")
            let script = "trap 'exit 5' USR1; touch /ready; while :; do sleep 0.05; done"
            for (name, flags) in [(own, ["--restart", "always"]), (paused, [])] {
                _ = engine.run(["run", "-d", "--name", name, "--stop-signal", "USR1"] + flags + ["busybox", "sh", "-c", script])
                #expect(engine.eventually { engine.gantry("exec", name, "test", "-e", "/ready").status == 0 })
            }
            engine.gantry("pause", paused)
            for name in [own, paused] {
                #expect(engine.gantry("kill", "-s", "USR1", name).status == 0)
                #expect(engine.eventually { status(name) == "exited" }, "\(status(name))")
            }
        }
    }

    @Test("events tell the story in order")
    func events() {
        engine.withoutLeaks { name in
            let listener = engine.child("events", "--filter", "container=\(name)", "--format", "{{.Action}}")
            #expect(engine.waitForDump { $0.contains("/events: streaming") })
            engine.gantry("run", "--rm", "--name", name, "busybox", "true")
            #expect(listener.waitForOutput("destroy"))
            listener.signal(SIGKILL)
            let words = listener.finish().output.split(separator: "\n").map(String.init)
            #expect(words.filter { ["create", "start", "die", "destroy"].contains($0) } == ["create", "start", "die", "destroy"], "\(words)")
        }
    }

    @Test("exec: output, status, user, folder, environment, stdin, missing command")
    func exec() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "-e", "A=1", "busybox", "sleep", "1000")
            #expect(engine.gantry("exec", name, "sh", "-c", "echo $A; exit 4").status == 4)
            #expect(engine.gantry("exec", "-u", "www", "-w", "/tmp", "-e", "B=2", name, "sh", "-c", "id -un; pwd; echo $A$B").output == "www\n/tmp\n12\n")
            #expect(engine.gantry("exec", "-i", name, "cat", input: "over\n").output == "over\n")
            let missing = engine.gantry("exec", name, "nosuch")
            #expect(missing.status == 127 && missing.everything.contains("executable file not found in $PATH"), "\(missing.everything)")
            #expect(engine.gantry("exec", "-d", name, "touch", "/tmp/made").status == 0)
            #expect(engine.eventually { engine.gantry("exec", name, "ls", "/tmp/made").status == 0 })
            #expect(engine.gantry("exec", name, "grep", "CapEff", "/proc/self/status").output == "CapEff:\t00000000a80425fb\n")
        }
        #expect(engine.gantry("exec", "nosuch", "true").errors.contains("No such container: nosuch"))
    }

    @Test("an exec that was never started does not end with its container, and runs after the next start")
    func waitingExec() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "busybox", "sleep", "1000")
            let result = engine.python(
                """
                import time
                api, begin = client.api, int(time.time())
                waiting, running = api.exec_create('\(name)', ['echo', 'late'])['Id'], api.exec_create('\(name)', ['sleep', '1000'])['Id']
                api.exec_start(running, detach=True)
                api.restart('\(name)', timeout=0)
                print([e['Actor']['Attributes']['execID'] == running for e in api.events(since=begin, until=int(time.time()) + 1, decode=True, filters={'container': '\(name)', 'event': 'exec_die'})])
                print(api.exec_inspect(running)['ExitCode'], api.exec_start(waiting), api.exec_inspect(waiting)['ExitCode'])
                """)
            #expect(result.output == "[True]\n137 b'late\\n' 0\n", "\(result.everything)")
        }
    }

    @Test("of many execs the last hundred that ended can be inspected, those that could not run too")
    func manyExecs() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "busybox", "sleep", "1000")
            let program = """
                ids = []
                api = client.api
                for i in range(100): api.exec_create('\(name)', ['true'])
                for i in range(115):
                    exec = api.exec_create('\(name)', ['nosuch'] if i % 2 else ['sh', '-c', 'exit %d' % (i % 100)])['Id']
                    api.exec_start(exec)
                    ids.append((exec, 127 if i % 2 else i % 100))
                print(all(api.exec_inspect(exec)['ExitCode'] == code for exec, code in ids[-100:]))
                try: print(api.exec_inspect(ids[0][0])['ExitCode'])
                except docker.errors.NotFound: print('forgotten')
                """
            let ended = engine.python(program)
            #expect(ended.output == "True\nforgotten\n", "\(ended.everything)")
        }
    }

    @Test("a terminal: exec and run see one, with a size")
    func terminal() {
        engine.withoutLeaks { name in
            let line = "stty rows 33 cols 77; \(engine.bin)/gantry run --rm -it --name \(name) busybox sh -c 'tty; stty size'"
            let result = Command.onTerminal(line, environment: engine.environment)
            #expect(result.output.contains("/dev/pts/0\r\n33 77"), "\(result.everything)")
        }
    }

    @Test("logs: all, the tail, since, with times, followed to the end")
    func logs() {
        engine.withoutLeaks { name in
            let follow = "for i in 1 2 3; do echo out$i; echo err$i >&2; sleep 0.2; done"
            engine.gantry("run", "-d", "--name", name, "busybox", "sh", "-c", follow)
            let followed = engine.gantry("logs", "-f", name)
            #expect(followed.output == "out1\nout2\nout3\n" && followed.errors == "err1\nerr2\nerr3\n", "\(followed.everything)")
            #expect(engine.gantry("logs", "--tail", "2", name).output == "out3\n")
            let stamped = engine.gantry("logs", "-t", name).output
            #expect(stamped.hasPrefix("20") && stamped.contains("Z out1\n"), "\(stamped)")
            #expect(engine.gantry("logs", "--since", "1h", name).output == "out1\nout2\nout3\n")
        }
    }

    @Test("attach shows what comes and takes input")
    func attach() {
        engine.withoutLeaks { name in
            engine.gantry("create", "-i", "--name", name, "busybox", "sh", "-c", "read line; echo got $line")
            let result = engine.gantry("start", "-a", "-i", name, input: "this\n")
            #expect(result.output == "got this\n", "\(result.everything)")
        }
    }
}
