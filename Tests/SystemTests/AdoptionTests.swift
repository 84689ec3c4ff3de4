import Glibc
import LinuxSystem
import TestSupport
import Testing

/// The daemon is killed; what runs, runs on, and the next daemon has it all.
@Suite("adoption", .enabled(if: Shared.isRoot), .serialized)
struct AdoptionTests {
    @Test("twenty containers, daemons killed while they adopt: all are taken back, with addresses, ports and volumes")
    func many() {
        withEngine(51) { engine in
            engine.gantry("network", "create", "own")
            for number in 0..<20 {
                let network = number % 2 == 0 ? "bridge" : "own"
                let run = engine.gantry(
                    "run", "-d", "--name", "c\(number)", "--network", network, "-p", "127.0.0.1:\(18500 + number):80", "-v", "v\(number):/data", "busybox",
                    "httpd", "-f", "-p", "80", "-h", "/www")
                #expect(run.status == 0, "\(run.everything)")
            }
            let addresses = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
            let before = (0..<20).map { inspect(engine, addresses, "c\($0)") }
            engine.crash(attempts: 5)
            #expect(engine.gantry("ps", "-q").output.split(separator: "\n").count == 20)
            #expect((0..<20).map { inspect(engine, addresses, "c\($0)") } == before)
            for number in 0..<20 {
                #expect(Command.run(["curl", "-s", "-m", "5", "http://127.0.0.1:\(18500 + number)/"]).output.contains("hello from inside"), "c\(number)")
                #expect(engine.gantry("port", "c\(number)", "80").output.trimmed == "127.0.0.1:\(18500 + number)")
            }
            #expect(engine.gantry("volume", "rm", "v3").errors.contains("volume is in use"))
            #expect(engine.gantry("network", "rm", "own").errors.contains("has active endpoints"))
            let refused = engine.gantry("run", "--rm", "-p", "18507:80", "busybox", "true")
            #expect(refused.status == 125 && refused.errors.contains("it is published by container \"c7\""), "\(refused.errors)")
            for network in ["bridge", "own"] {
                engine.gantry("run", "-d", "--name", "new-\(network)", "--network", network, "busybox", "sleep", "1000")
                #expect(!before.contains(inspect(engine, addresses, "new-\(network)")), "an adopted container's address is not given away")
            }
            #expect(engine.gantry("exec", "c11", "hostname").status == 0)
            for number in 0..<20 { engine.gantry("rm", "-f", "c\(number)") }
            #expect(Command.run(["curl", "-s", "-m", "2", "http://127.0.0.1:18503/"]).status == 7, "nobody has the port any more")
            #expect(engine.gantry("run", "--rm", "--network", "own", "-p", "18507:80", "busybox", "echo", "free").output == "free\n")
        }
    }

    @Test("connections stay: over the loopback, over the host's address, and from container to container")
    func connections() throws {
        try withEngine(52) { engine in
            engine.gantry("run", "-d", "--name", "echo", "-p", "18520:7", "busybox", "nc", "-ll", "-p", "7", "-e", "cat")
            let sender = "(i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done) | nc 172.31.52.1 18520"
            #expect(engine.eventually { TCPConnection("127.0.0.1", 18520)?.echoes("ready\n") ?? false })
            engine.gantry("run", "-d", "--name", "sender", "busybox", "sh", "-c", sender)
            let local = try #require(TCPConnection("127.0.0.1", 18520)), bridged = try #require(TCPConnection("172.31.52.1", 18520))
            #expect(local.echoes("before\n") && bridged.echoes("before\n"))
            #expect(engine.eventually { engine.gantry("logs", "sender").output.contains("20\n") })
            engine.kill()
            #expect(local.echoes("without a daemon\n") && bridged.echoes("without a daemon\n"))
            engine.start()
            #expect(local.echoes("after\n") && bridged.echoes("after\n"))
            engine.stop()
            engine.start()
            #expect(local.echoes("after a stop\n") && bridged.echoes("after a stop\n"))
            let last = numbers(engine, "sender").last ?? 0
            #expect(engine.eventually { (numbers(engine, "sender").last ?? 0) > last + 20 })
            let all = numbers(engine, "sender")
            #expect(all == Array(1...max(all.count, 1)), "every line came back once, in order")
        }
    }

    private func numbers(_ engine: Engine, _ name: String) -> [Int] { engine.gantry("logs", name).output.split(separator: "\n").compactMap { Int($0) } }

    @Test("exec'd processes: running ones can be resized and end with their code, ended ones have theirs")
    func execs() {
        withEngine(53) { engine in
            engine.gantry("run", "-d", "--name", "host", "busybox", "sleep", "1000")
            func create(_ command: String, tty: Bool = false) -> String {
                let made = engine.request("POST", "/containers/host/exec", "{\"Cmd\":[\"sh\",\"-c\",\"\(command)\"],\"Tty\":\(tty)}").output
                let id = made.split(separator: "\"").first { $0.count == 64 }.map(String.init) ?? ""
                _ = engine.request("POST", "/exec/\(id)/start", "{\"Detach\":true,\"Tty\":\(tty)}")
                return id
            }
            func state(_ id: String) -> String { engine.request("GET", "/exec/\(id)/json").output }
            let before = create("exit 4"), during = create("while [ ! -e /end ]; do sleep 0.05; done; touch /ended; exit 5"), after = create("while [ ! -e /go ]; do sleep 0.05; done; exit 6")
            let terminal = create("while :; do stty size >/size; sleep 0.05; done", tty: true)
            #expect(engine.eventually { state(before).contains("\"ExitCode\":4") })
            let root = "/proc/\(engine.firstProcess(of: "host"))/root"
            engine.kill()
            Command.run(["touch", "\(root)/end"])
            #expect(engine.eventually { Files.exists("\(root)/ended") })
            engine.crash(attempts: 1)
            #expect(state(before).contains("\"ExitCode\":4"))
            #expect(engine.eventually { state(during).contains("\"ExitCode\":5") && state(during).contains("\"Running\":false") }, "\(state(during))")
            #expect(state(after).contains("\"Running\":true") && state(after).contains("exit 6"), "\(state(after))")
            #expect(engine.request("POST", "/exec/\(terminal)/resize?h=33&w=77").output == "")
            #expect(engine.eventually { engine.gantry("exec", "host", "cat", "/size").output == "33 77\n" })
            engine.gantry("exec", "host", "touch", "/go")
            #expect(engine.eventually { state(after).contains("\"ExitCode\":6") }, "\(state(after))")
        }
    }

    @Test("input survives the daemon, and ends with its client as long as there is one")
    func input() {
        withEngine(54) { engine in
            let client = attachedTo(engine, "reads")
            engine.crash()
            #expect(inspect(engine, "{{.State.Running}}", "reads") == "true", "the daemon's end is no end of input")
            engine.stop()
            engine.start()
            #expect(inspect(engine, "{{.State.Running}}", "reads") == "true", "nor is its stop")
            let attached = engine.gantry("attach", "reads", input: "later\n")
            #expect(attached.output == "later\n" && attached.status == 0, "\(attached.everything)")
            withExtendedLifetime(client) {}
            var other: RawConnection? = attachedTo(engine, "left")
            #expect(other != nil)
            other = nil
            #expect(engine.eventually { inspect(engine, "{{.State.Running}}", "left") == "false" }, "its client is gone, and so is its input")
        }
    }

    /// A client of a new container that echoes its input. It does not end the input.
    private func attachedTo(_ engine: Engine, _ name: String) -> RawConnection {
        engine.gantry("create", "-i", "--name", name, "busybox", "cat")
        let client = RawConnection("\(engine.root)/gantry.sock")
        client.send("POST", "/v1.43/containers/\(name)/attach?stream=1&stdin=1&stdout=1", headers: ["Connection: Upgrade", "Upgrade: tcp"])
        #expect(client.head().hasPrefix("HTTP/1.1 101"))
        engine.gantry("start", name)
        client.write("x\n")
        #expect(client.bytes(10).suffix(2) == Array("x\n".utf8)[...])
        return client
    }

    @Test("a container that is paused, one whose shim is stopped, and one that is renamed in between")
    func odd() {
        withEngine(57) { engine in
            for name in ["paused", "stuck", "renamed"] { engine.gantry("run", "-d", "--name", name, "busybox", "sleep", "1000") }
            engine.gantry("pause", "paused")
            engine.gantry("rename", "renamed", "other")
            let shim = engine.shim(of: "stuck")
            engine.kill()
            Glibc.kill(shim, SIGSTOP)
            engine.start()
            #expect(inspect(engine, "{{.State.Status}}", "paused") == "paused")
            #expect(inspect(engine, "{{.State.Status}}", "other") == "running")
            #expect(inspect(engine, "{{.State.Status}}", "stuck") == "running", "a shim that does not answer is no dead container")
            #expect(engine.gantry("run", "--rm", "busybox", "echo", "others").output == "others\n")
            Glibc.kill(shim, SIGCONT)
            #expect(engine.gantry("exec", "stuck", "echo", "again").output == "again\n")
            #expect(engine.gantry("unpause", "paused").status == 0)
            #expect(engine.gantry("stop", "-t", "0", "stuck").status == 0)
            #expect(inspect(engine, "{{.State.Status}} {{.State.ExitCode}}", "stuck") == "exited 137")
        }
    }
}
