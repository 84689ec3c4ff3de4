import Glibc
import LinuxSystem
import TestSupport
import Testing

/// A log driver that waits for a file, its gate, before it writes.
@Suite("log drivers that take their time", .enabled(if: Shared.isRoot), .serialized)
struct SlowLogTests {
    private static let lines = 3000
    /// Numbered lines of a kilobyte, then a file that says so.
    private static let script =
        "p=$(printf '%1000s'); i=0; while [ $i -lt \(lines) ]; do i=$((i+1)); echo \"$i $p\"; done; touch /out/done"

    private func withEngine(isolated: Bool, _ body: (Engine) throws -> Void) throws {
        let engine = Engine(number: 20, arguments: isolated ? [] : ["--trusted-driver", "log/lines"])
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        let driver = try Fixture.build("lines.c", "liblog-lines.so", in: engine.root)
        #expect(engine.gantry("driver", "install", driver).output == "log/lines 1.0\n")
        try Files.makeDirectory("\(engine.root)/out", mode: 0o777)
        try body(engine)
    }

    private func start(_ engine: Engine, _ name: String, _ options: String...) {
        let flags = ["--log-driver", "lines", "--log-opt", "gate=\(engine.root)/gate"] + options.flatMap { ["--log-opt", $0] }
        let started = engine.run(["run", "-d", "--name", name] + flags + ["-v", "\(engine.root)/out:/out", "busybox", "sh", "-c", Self.script])
        #expect(started.status == 0, "\(started.everything)")
        #expect(engine.eventually { Files.exists("\(engine.root)/gate.waiting") }, "the driver is in a write")
    }

    private func numbers(_ engine: Engine, _ name: String) -> [Int] {
        engine.gantry("logs", name).output.split(separator: "\n").compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
    }

    private func lost(_ engine: Engine, _ name: String) -> Int {
        let events = engine.gantry("events", "--since", "1", "--until", "\(time(nil) + 1)", "--filter", "event=die", "--filter", "container=\(name)", "--format", "{{json .}}").output
        guard let place = events.firstRange(of: "\"lostLogLines\":\"") else { return 0 }
        return Int(events[place.upperBound...].prefix { $0.isNumber }) ?? -1
    }

    @Test("by default the container waits for its driver, and every line is there", arguments: [false, true])
    func blocking(isolated: Bool) throws {
        try withEngine(isolated: isolated) { engine in
            start(engine, "waits")
            let pid = engine.gantry("inspect", "--format", "{{.State.Pid}}", "waits").output.trimmed
            #expect(engine.eventually { String(decoding: (try? Files.read("/proc/\(pid)/wchan")) ?? [], as: UTF8.self).contains("pipe_write") }, "it waits in write(2)")
            #expect(!Files.exists("\(engine.root)/out/done"))
            try Files.replace("\(engine.root)/gate", with: [])
            #expect(engine.gantry("wait", "waits").output == "0\n")
            #expect(numbers(engine, "waits") == Array(1...Self.lines) && lost(engine, "waits") == 0)
        }
    }

    @Test("with mode=non-blocking the container runs on: what is buffered is written at its end, what did not fit is counted", arguments: [false, true])
    func nonBlocking(isolated: Bool) throws {
        try withEngine(isolated: isolated) { engine in
            start(engine, "runs", "mode=non-blocking", "max-buffer-size=200k")
            #expect(engine.eventually { Files.exists("\(engine.root)/out/done") }, "it wrote everything while the driver took nothing")
            #expect(!Files.exists("\(engine.root)/gate"))
            try Files.replace("\(engine.root)/gate", with: [])
            #expect(engine.gantry("wait", "runs").output == "0\n")
            let kept = numbers(engine, "runs")
            #expect(kept.count >= 180 && kept.count < Self.lines && kept == Array(1...kept.count), "\(kept.count)")
            #expect(lost(engine, "runs") == Self.lines - kept.count)
        }
    }

    @Test("a driver that never comes back holds up one container's output: others run, and it can be removed", arguments: [false, true])
    func hangs(isolated: Bool) throws {
        try withEngine(isolated: isolated) { engine in
            start(engine, "held")
            #expect(engine.gantry("ps", "--format", "{{.Names}}").output == "held\n")
            #expect(engine.gantry("run", "--rm", "busybox", "echo", "free").output == "free\n")
            engine.kill()
            engine.start()
            #expect(engine.gantry("ps", "--format", "{{.Names}}").output == "held\n", "a daemon that comes later is not held up either")
            #expect(engine.gantry("exec", "held", "echo", "heard").output == "heard\n")
            #expect(engine.gantry("rm", "-f", "held").status == 0)
            engine.gantry("run", "--rm", "busybox", "true")
            engine.withoutLeaks { name in
                unlink("\(engine.root)/gate.waiting")
                // Its output is buffered and it ends by itself; what its driver did not take in ten seconds is given up.
                start(engine, name, "mode=non-blocking")
                #expect(engine.gantry("wait", name).output == "0\n")
                #expect(lost(engine, name) > Self.lines / 2, "\(engine.gantry("events", "--since", "1", "--until", "\(time(nil) + 1)", "--format", "{{json .}}").output)")
            }
        }
    }

    @Test("who attaches while a container is being started gets its output")
    func attachedDuringStart() throws {
        try withEngine(isolated: false) { engine in
            engine.gantry("create", "--name", "slow", "--log-driver", "lines", "--log-opt", "door=\(engine.root)/door", "busybox", "sh", "-c", "while :; do echo word; sleep 0.1; done")
            let start = engine.child("start", "slow")
            #expect(engine.eventually { Files.exists("\(engine.root)/door.waiting") }, "its log opens")
            let stream = RawConnection("\(engine.root)/gantry.sock")
            stream.send("POST", "/v1.43/containers/slow/attach?stream=1&stdout=1", headers: ["Connection: Upgrade", "Upgrade: tcp"])
            #expect(engine.waitForDump { $0.contains("behind it: attach for ") })
            try Files.replace("\(engine.root)/door", with: [])
            #expect(start.finish().status == 0)
            #expect(stream.head().hasPrefix("HTTP/1.1 101"))
            #expect(String(decoding: stream.bytes(13).suffix(5), as: UTF8.self) == "word\n")
        }
    }

    @Test("while a new driver opens, lines go where they went; when it has, every line is there once", arguments: [false, true])
    func opens(isolated: Bool) throws {
        try withEngine(isolated: isolated) { engine in
            engine.gantry("run", "-d", "--name", "goes", "busybox", "sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; usleep 2000; done")
            let log = engine.gantry("inspect", "--format", "{{.LogPath}}", "goes").output.trimmed
            let change = begin(engine, "goes")
            let size = (try? Files.read(log).count) ?? 0
            #expect(size > 0 && engine.eventually { (try? Files.read(log).count) ?? 0 > size + 5000 }, "the old driver gets more lines")
            #expect(engine.gantry("exec", "goes", "echo", "heard").output == "heard\n")
            engine.kill()
            _ = change.finish()
            try Files.replace("\(engine.root)/door", with: [])
            engine.start()
            #expect(engine.eventually { numbers(engine, "goes").count > 1000 })
            let all = numbers(engine, "goes")
            #expect(all == Array(1...max(all.count, 1)), "\(all.count)")
            #expect(engine.gantry("inspect", "--format", "{{.HostConfig.LogConfig.Type}}", "goes").output == "lines\n")
            engine.gantry("rm", "-f", "goes")
        }
    }

    @Test("a container that ends while a new driver opens keeps its old one", arguments: [false, true])
    func endsBefore(isolated: Bool) throws {
        try withEngine(isolated: isolated) { engine in
            engine.gantry("run", "--rm", "busybox", "true")
            engine.withoutLeaks { name in
                engine.gantry("run", "-d", "--name", name, "busybox", "sh", "-c", "echo word; exec sleep 1000")
                let change = begin(engine, name)
                #expect(engine.gantry("kill", name).status == 0)
                let refused = change.finish()
                #expect(refused.status == 1 && refused.errors.contains("is not running"), "\(refused.everything)")
                #expect(engine.gantry("logs", name).output == "word\n")
                #expect(engine.gantry("inspect", "--format", "{{.HostConfig.LogConfig.Type}}", name).output == "json-file\n")
            }
        }
    }

    /// A change to a driver that does not open before there is a door.
    private func begin(_ engine: Engine, _ name: String) -> Child {
        let change = engine.child("update", "--log-driver", "lines", "--log-opt", "door=\(engine.root)/door", name)
        #expect(engine.eventually { Files.exists("\(engine.root)/door.waiting") }, "it opens")
        unlink("\(engine.root)/door.waiting")
        return change
    }
}
