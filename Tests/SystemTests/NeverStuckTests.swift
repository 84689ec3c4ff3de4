import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Whatever one container, shim, driver or client does, everybody else is served.
@Suite("never stuck", .enabled(if: Shared.isRoot), .serialized)
struct NeverStuckTests {
    let engine = Shared.engine
    var socket: String { "\(engine.root)/gantry.sock" }

    /// Every call that has nothing to do with what hangs answers.
    private func othersAreServed(_ engine: Engine, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let other = "\(name)-other"
        let calls: [[String]] = [
            ["run", "-d", "--name", other, "busybox", "sh", "-c", "echo here; sleep 1000"], ["ps", "-a"], ["run", "--rm", "busybox", "true"], ["inspect", other], ["exec", other, "true"],
            ["logs", other], ["images"], ["system", "dump"], ["rm", "-f", other],
        ]
        for call in calls {
            let answer = engine.run(call)
            #expect(answer.status == 0, "\(call.joined(separator: " ")): \(answer.everything)", sourceLocation: sourceLocation)
        }
    }

    private func dump(_ engine: Engine) -> String { engine.gantry("system", "dump").output }

    private func shim(_ engine: Engine, _ name: String) -> Int32 { SlowClientTests.shim(engine, name) }

    private static let deaf = ["sh", "-c", "trap '' TERM; while :; do sleep 1000; done"]

    @Test("a container that ignores SIGTERM holds up only those who want something of it, and the dump says so")
    func deafContainer() {
        engine.withoutLeaks { name in
            _ = engine.run(["run", "-d", "--name", name, "busybox"] + Self.deaf)
            let stop = engine.child("stop", "-t", "1000", name)
            #expect(engine.waitForDump { $0.contains("container \(name) (") && $0.contains("stop for ") }, "\(dump(engine))")
            let renaming = engine.child("rename", name, "\(name)-b")
            #expect(engine.waitForDump { $0.contains("behind it: rename for ") }, "\(dump(engine))")
            let line = dump(engine).split(separator: "\n").first { $0.contains("container \(name) (") } ?? ""
            #expect(line.contains(" for its end: SIGTERM was sent; ") && line.hasSuffix(" left"), "\(line)")
            #expect(dump(engine).contains("/containers/\(name)/stop: answering for "), "\(dump(engine))")
            othersAreServed(engine, name)
            #expect(engine.gantry("kill", name).status == 0, "SIGKILL does not wait behind the stop")
            #expect(stop.finish().status == 0)
            #expect(renaming.finish().status == 0)
        }
    }

    @Test("who gives a container much time holds up neither a stop that gives it less nor a removal", arguments: ["stop", "restart"])
    func otherStop(_ patient: String) {
        engine.withoutLeaks { name in
            // With --rm the removal must not find it removed.
            let flags = patient == "stop" ? ["--rm"] : ["--restart", "always"]
            for hasty in [["stop", "-t", "1"], ["rm", "-f"]] {
                let name = "\(name)-\(hasty[0])"
                _ = engine.run(["run", "-d", "--name", name] + flags + ["busybox"] + Self.deaf)
                let first = engine.child(patient, "-t", "1000", name)
                #expect(engine.waitForDump { $0.contains("container \(name) (") && $0.contains("\(patient) for ") }, "\(dump(engine))")
                let second = engine.run(hasty + [name])
                #expect(second.status == 0, "\(second.everything)")
                let ended = first.finish()
                #expect(ended.status == 0, "\(ended.everything)")
                #expect(engine.gantry("ps", "-q", "--filter", "name=\(name)").output == "", "the last word counts")
            }
        }
    }

    @Test("a client that leaves during a stop takes nothing of the container's time")
    func impatientClient() {
        engine.withoutLeaks { name in
            _ = engine.run(["run", "-d", "--name", name, "busybox"] + Self.deaf)
            let stop = engine.child("stop", "-t", "1000", name)
            #expect(engine.waitForDump { $0.contains("stop for ") })
            stop.signal(SIGKILL)
            _ = stop.finish()
            #expect(engine.waitForDump { !$0.contains("/stop: answering") })
            #expect(dump(engine).contains("stop for ") && engine.gantry("inspect", "--format", "{{.State.Status}}", name).output == "running\n")
            #expect(engine.gantry("kill", name).status == 0)
        }
    }

    @Test("a paused container, and one whose cgroup somebody else has frozen, can be ended")
    func frozen() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "busybox", "sleep", "1000")
            engine.gantry("pause", name)
            #expect(engine.gantry("exec", name, "true").errors.contains("is paused, unpause the container before exec"))
            othersAreServed(engine, name)
            #expect(engine.gantry("stop", "-t", "1", name).status == 0)
            engine.gantry("start", name)
            let id = engine.gantry("inspect", "--format", "{{.Id}}", name).output.trimmed
            let state = "/sys/fs/cgroup/freezer/gantry/\(id)/freezer.state", unified = "/sys/fs/cgroup/gantry/\(id)/cgroup.freeze"
            Command.run(["sh", "-c", "if [ -e \(state) ]; then echo FROZEN >\(state); else echo 1 >\(unified); fi"])
            let removal = engine.child("rm", "-f", name)
            #expect(engine.waitForDump { $0.contains("remove for ") })
            othersAreServed(engine, name)
            #expect(removal.finish().status == 0)
        }
    }

    @Test("a stopped shim costs those who want something of it a sentence after some seconds, and nobody else anything")
    func stoppedShim() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "busybox", "sleep", "1000")
            let shim = shim(engine, name)
            #expect(shim > 1)
            kill(shim, SIGSTOP)
            let exec = engine.child("exec", name, "touch", "/ran"), attach = engine.child("attach", name)
            #expect(engine.waitForDump { $0.contains("process \(shim), stopped") && $0.contains("has to answer: exec for ") }, "\(dump(engine))")
            othersAreServed(engine, name)
            // More than its socket has room for: each is refused, and none blocks a thread that others need.
            let crowd = (0..<80).map { _ in
                let connection = RawConnection(socket)
                connection.send("POST", "/v1.43/containers/\(name)/attach?stream=1&stdout=1", headers: ["Connection: Upgrade", "Upgrade: tcp"])
                return connection
            }
            othersAreServed(engine, name)
            let sentence = "the shim of container \(engine.gantry("inspect", "--format", "{{.Id}}", name).output.prefix(12)) did not answer within 20 s: it hangs or was stopped"
            let ended = exec.finish()
            #expect(ended.status != 0 && ended.errors.contains(sentence), "\(ended.everything)")
            #expect(attach.finish().errors.contains(sentence))
            withExtendedLifetime(crowd) {}
            kill(shim, SIGCONT)
            #expect(engine.gantry("exec", name, "ls", "/ran").status == 1, "what was given up is not done later")
            #expect(engine.gantry("exec", name, "echo", "serves").output == "serves\n")
            kill(shim, SIGSTOP)
            #expect(engine.gantry("stop", "-t", "1", name, seconds: 120).status == 0, "and its container can be ended")
            #expect(engine.gantry("inspect", "--format", "{{.State.Status}}", name).output == "exited\n")
        }
    }

    @Test("a daemon that starts beside a stopped shim comes up, and takes the container back when the shim goes on")
    func adoptionOfStoppedShim() {
        let engine = Engine(number: 43)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        engine.gantry("run", "-d", "--name", "asleep", "busybox", "sh", "-c", "while [ ! -e /end ]; do sleep 0.1; done; exit 6")
        let shim = shim(engine, "asleep")
        kill(shim, SIGSTOP)
        engine.kill()
        engine.start()
        #expect(engine.gantry("inspect", "--format", "{{.State.Running}}", "asleep").output == "true\n")
        othersAreServed(engine, "asleep")
        kill(shim, SIGCONT)
        #expect(engine.gantry("exec", "asleep", "touch", "/end").status == 0)
        #expect(engine.gantry("wait", "asleep").output == "6\n")
    }

    @Test("a daemon that starts asks all shims at once: none is given up for the sake of others")
    func adoptionOfManyShims() {
        let engine = Engine(number: 43)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        let names = ["one", "two", "three"]
        // A shim that does not answer in time says nothing of them.
        let execs = names.map { name in
            engine.gantry("run", "-d", "--name", name, "busybox", "sleep", "1000")
            let made = engine.request("POST", "/containers/\(name)/exec", #"{"Cmd":["sleep","1000"]}"#).output
            let id = made.split(separator: "\"").first { $0.count == 64 }.map(String.init) ?? ""
            _ = engine.request("POST", "/exec/\(id)/start", #"{"Detach":true}"#)
            return id
        }
        let shims = names.map { shim(engine, $0) }
        for shim in shims { kill(shim, SIGSTOP) }
        defer { for shim in shims { kill(shim, SIGCONT) } }
        engine.kill()
        engine.launch()
        #expect(engine.eventually { Self.waitingConnections() == names.count }, "each shim is asked while none answers")
        for shim in shims { kill(shim, SIGCONT) }
        #expect(engine.answers(), "\(engine.log)")
        for id in execs { #expect(engine.request("GET", "/exec/\(id)/json").output.contains(#""Running":true"#), "\(engine.log)") }
    }

    /// To shims that have not taken them yet: such a connection has no inode. proc_net(5).
    private static func waitingConnections() -> Int {
        let text = (try? Files.read("/proc/net/unix")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").count { line in
            let fields = line.split(separator: " ")
            return fields.count == 8 && fields[6] == "0" && fields[7].hasSuffix("/shim.sock")
        }
    }

    @Test("a driver's call that hangs is in the dump, and others are served")
    func hangingDriver() throws {
        let engine = Engine(number: 44)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        let driver = try Fixture.volumeDriver(in: engine.root)
        #expect(engine.gantry("driver", "install", driver).status == 0)
        let hanging = engine.child("volume", "create", "-d", "faulty", "hang")
        #expect(engine.waitForDump { $0.contains("volume/faulty\n    in it: create for ") }, "\(dump(engine))")
        let behind = engine.child("volume", "create", "-d", "faulty", "behind")
        let shown = engine.waitForDump { $0.contains("volume/faulty\n    in it: create for ") && $0.contains("volume hang: create for ") && $0.contains("behind it: ") }
        #expect(shown, "\(dump(engine))")
        othersAreServed(engine, "hang")
        kill(engine.pid, SIGUSR1)
        var files: [String] = []
        _ = engine.eventually {
            files = ((try? Files.list(engine.execRoot)) ?? []).filter { $0.hasPrefix("dump-") && $0.hasSuffix(".txt") }
            return !files.isEmpty
        }
        let text = files.first.flatMap { try? Files.read("\(engine.execRoot)/\($0)") }.map { String(decoding: $0, as: UTF8.self) } ?? ""
        #expect(text.contains("volume hang: create for "), "SIGUSR1 writes the same: \(text)")
        #expect(engine.eventually { engine.log.contains("\(engine.execRoot)/\(files.first ?? "dump")") }, "and the log says where")
        // Nobody waits for it.
        engine.kill()
        for child in [hanging, behind] { #expect(child.finish().status == 1) }
        engine.start()
    }

    @Test("a driver that hangs in more calls than the engine has threads leaves the other drivers theirs")
    func crowdedDriver() throws {
        let engine = Engine(number: 44)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        #expect(engine.gantry("driver", "install", try Fixture.volumeDriver(in: engine.root, ["-DCAPS=1"])).status == 0)
        let crowd = (0..<100).map { number in
            let connection = RawConnection("\(engine.root)/gantry.sock")
            connection.send("POST", "/v1.43/volumes/create", body: "{\"Name\":\"hang\(number)\",\"Driver\":\"faulty\"}")
            return connection
        }
        #expect(engine.waitForDump { $0.split(separator: "\n").count { $0.hasPrefix("    in it: create") } == 16 }, "\(dump(engine))")
        #expect(engine.waitForDump { $0.split(separator: "\n").count { $0.hasPrefix("    behind it: ") } == 84 }, "\(dump(engine))")
        othersAreServed(engine, "crowd")
        withExtendedLifetime(crowd) {}
        engine.kill()
        engine.start()
    }

    @Test("clients that read a log and then a stream, more than the engine has threads, cost nobody a thread")
    func replays() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "busybox", "sh", "-c", "yes 0123456789012345678901234567890123456789 | head -c 1000000; sleep 1000")
            // They all come while the shim does nothing.
            let shim = shim(engine, name)
            kill(shim, SIGSTOP)
            let crowd = (0..<100).map { _ in
                let connection = RawConnection(socket, receiveBuffer: 4096)
                connection.send("POST", "/v1.43/containers/\(name)/attach?logs=1&stream=1&stdout=1", headers: ["Connection: Upgrade", "Upgrade: tcp"])
                return connection
            }
            #expect(engine.waitForDump { $0.split(separator: "\n").count { $0.contains("has to answer: attach") } == 100 }, "\(dump(engine))")
            kill(shim, SIGCONT)
            #expect(engine.waitForDump { $0.split(separator: "\n").count { $0.contains("/attach: attached") } == 100 }, "\(dump(engine))")
            othersAreServed(engine, name)
            withExtendedLifetime(crowd) {}
        }
    }

    @Test("a thousand clients that say nothing, or half of what they want, take little and hinder nobody")
    func idleClients() {
        engine.withoutLeaks { name in
            let before = SlowClientTests.memory(engine.pid)
            let idle = (0..<1000).map { number in
                let connection = RawConnection(socket)
                if number % 2 == 0 { connection.write("POST /v1.43/containers/create HTTP/1.1\r\nHost: gantry\r\nContent-Ty") }
                if number % 10 == 1 { connection.send("POST", "/v1.43/containers/create", headers: ["Content-Type: application/json", "Content-Length: 1000"]) }
                return connection
            }
            #expect(engine.waitForDump { $0.contains("1001 connections, 900 idle") || $0.contains("1001 connections, 901 idle") }, "\(dump(engine).suffix(300))")
            let each = (SlowClientTests.memory(engine.pid) - before) * 1024 / 1000
            #expect(each < 40_000, "each costs \(each) bytes")
            othersAreServed(engine, name)
            withExtendedLifetime(idle) {}
        }
    }

    @Test("readers that do not read hold up nobody else")
    func slowReaders() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "--log-opt", "max-size=1m", "busybox", "sh", "-c", "yes 0123456789012345678901234567890123456789")
            let readers = ["/v1.43/containers/\(name)/logs?follow=1&stdout=1", "/v1.43/events", "/v1.43/images/busybox/get"].map { path in
                let reader = RawConnection(socket, receiveBuffer: 4096)
                reader.send("GET", path)
                #expect(reader.head().hasPrefix("HTTP/1.1 200 OK"), "\(path)")
                return reader
            }
            #expect(engine.waitForDump { $0.contains("/events: streaming for ") && $0.contains("/logs: streaming for ") }, "\(dump(engine))")
            othersAreServed(engine, name)
            withExtendedLifetime(readers) {}
        }
    }

    @Test("a client that is killed in the middle leaves nothing under way")
    func killedClients() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "busybox", "sleep", "1000")
            let clients = [
                engine.child("attach", name), engine.child("exec", name, "sleep", "1000"), engine.child("wait", name), engine.child("logs", "-f", name), engine.child("events"),
                Child(["sh", "-c", "(head -c 100000 \(engine.root)/busybox.tar; sleep 500) | exec \(engine.bin)/gantry import - half:1"], environment: engine.environment),
                Child(["sh", "-c", "(head -c 100000 \(engine.root)/busybox.tar; sleep 500) | exec \(engine.bin)/gantry load"], environment: engine.environment),
            ]
            #expect(engine.waitForDump { dump in ["/attach:", "/exec/", "/wait:", "/logs:", "/events:", "/images/create:", "/images/load:"].allSatisfy { dump.contains($0) } }, "\(dump(engine))")
            Command.run([
                "sh", "-c",
                "for p in /proc/[0-9]*; do if tr '\\0' ' ' <$p/environ 2>/dev/null | grep -q 'GANTRY_HOST=\(engine.socket)'; then case $(cat $p/comm) in gantry|sleep) kill -9 ${p#/proc/};; esac; fi; done",
            ])
            for client in clients { _ = client.finish() }
            #expect(engine.waitForDump { dump in !["/attach:", "/exec/", "/wait:", "/logs:", "/events:", "/images/"].contains { dump.contains($0) } }, "\(dump(engine))")
            othersAreServed(engine, name)
            #expect(!engine.gantry("images").output.contains("half"))
        }
    }

    @Test("a body that is larger than any is refused before it is here")
    func hugeBody() {
        engine.withoutLeaks { name in
            let before = SlowClientTests.memory(engine.pid)
            let client = RawConnection(socket)
            client.send("POST", "/v1.43/containers/create", headers: ["Content-Type: application/json", "Content-Length: 100000000000"])
            let part = String(repeating: "x", count: 1 << 20)
            for _ in 0..<64 { client.write(part) }
            #expect(client.head().hasPrefix("HTTP/1.1 413 "), "it is told so")
            #expect(SlowClientTests.memory(engine.pid) - before < 24 << 10)
            othersAreServed(engine, name)
        }
    }
}
