import Glibc
import LinuxSystem
import TestSupport
import Testing

/// The daemon as a service of systemd, whose part the tests play.
@Suite("the daemon as a service", .enabled(if: Shared.isRoot), .serialized)
struct ServiceManagerTests {
    /// Opens the API's socket, and a port if one is given, and becomes the daemon, as systemd does with `gantryd.socket`
    /// and `gantryd.service`.
    private static let activation = """
        import fcntl, os, socket, sys
        path, notify, watchdog, port, *command = sys.argv[1:]
        listener = socket.socket(socket.AF_UNIX)
        if os.path.exists(path): os.unlink(path)
        listener.bind(path)
        listener.listen(64)
        sockets = [os.dup(listener.fileno())] + ([socket.create_server(("127.0.0.1", int(port))).detach()] if port else [])
        sockets = [fcntl.fcntl(s, fcntl.F_DUPFD, 10) for s in sockets]
        for number, s in enumerate(sockets, 3): os.dup2(s, number)
        command[command.index("--host") + 1] = "fd://"
        me = str(os.getpid())
        os.environ.update(LISTEN_PID=me, LISTEN_FDS=str(len(sockets)), LISTEN_FDNAMES="api:tcp", NOTIFY_SOCKET=notify, WATCHDOG_USEC=watchdog, WATCHDOG_PID=me)
        os.execv(command[0], command)
        """

    /// An engine that was started by its socket, its messages read up to the first READY.
    private func activated(
        _ number: Int, _ arguments: [String] = [], configuration: String? = nil, disk: Int? = nil, port: String = "", _ body: (Engine, NotifySocket) throws -> Void
    ) throws {
        var template = Array("/var/tmp/gantry-notify-XXXXXX".utf8CString)
        let folder = String(cString: mkdtemp(&template))
        defer { try? Files.removeTree(folder) }
        let notify = NotifySocket("\(folder)/notify")
        // The daemon's own socket lies where the engine's clients look for it.
        let launcher = ["python3", "-c", "import sys; sys.argv[1] = sys.argv[sys.argv.index('--host') + 1][7:]\n" + Self.activation, "", notify.path, "1000000", port]
        let engine = Engine(number: number, arguments: arguments, disk: disk, launcher: launcher)
        if let configuration {
            engine.configuration = "\(folder)/gantryd.json"
            try Files.replace(engine.configuration, with: Array(configuration.utf8))
        }
        engine.start()
        defer { engine.discard() }
        #expect(notify.next() == "STATUS=Taking back containers")
        #expect(notify.next() == "READY=1\nSTATUS=Serving fd://3\(port.isEmpty ? "" : ", fd://4")")
        try body(engine, notify)
    }

    private static let deaf = ["busybox", "sh", "-c", "trap '' TERM; while :; do sleep 1000; done"]

    @Test("it says when it is ready, reloads and ends, in this order, and keeps the watchdog content")
    func messages() throws {
        try activated(45, configuration: "{\"labels\": [\"a=1\"]}") { engine, notify in
            for _ in 0..<3 { #expect(notify.isKeptAlive(seconds: 60)) }
            try Files.replace(
                engine.configuration, with: Array("{\"labels\": [\"a=2\"], \"default-ulimits\": {\"nofile\": {\"Soft\": 77, \"Hard\": 88}}, \"mtu\": 1400, \"log-format\": \"json\"}".utf8))
            engine.signal(SIGHUP)
            let reloading = notify.next() ?? ""
            #expect(reloading.hasPrefix("RELOADING=1\nMONOTONIC_USEC="), "\(reloading)")
            #expect(Int64(reloading.split(separator: "=").last ?? "").map { abs($0 - Int64(Child.now() * 1e6)) < 60_000_000 } == true, "in µs of the monotonic clock")
            #expect(notify.next() == "READY=1\nSTATUS=Configuration reloaded: default-ulimits, labels, log-format; after a restart: mtu")
            #expect(engine.gantry("info", "--format", "{{json .Labels}}").output == "[\"a=2\"]\n")
            engine.importBusybox()
            #expect(engine.gantry("run", "--rm", "busybox", "sh", "-c", "ulimit -n").output == "77\n", "new containers have the new limits")
            let line = try #require(engine.log.split(separator: "\n").last { $0.hasPrefix("{") })
            #expect(line.hasPrefix("{\"") && line.contains("\"level\":\"") && line.contains("\"msg\":\"") && line.contains("\"time\":\"20"), "\(line)")

            for (mistake, sentence) in [
                ("{\"labels\": [\"b\"]}", "invalid label format: \"b\"; it must be key=value"),
                ("{\"log-driver\": \"nosuch\"}", "the default log driver \"nosuch\" does not exist ("),
            ] {
                try Files.replace(engine.configuration, with: Array(mistake.utf8))
                engine.signal(SIGHUP)
                #expect(notify.next()?.hasPrefix("RELOADING=1\n") == true)
                let refusal = notify.next() ?? ""
                #expect(refusal.hasPrefix("READY=1\nSTATUS=The configuration was not reloaded: ") && refusal.contains(sentence), "\(refusal)")
            }
            #expect(engine.gantry("info", "--format", "{{json .Labels}}").output == "[\"a=2\"]\n", "a file with a mistake changes nothing")
            #expect(engine.gantry("run", "--rm", "busybox", "true").status == 0)
            try Files.replace(engine.configuration, with: [])
            engine.signal(SIGTERM)
            #expect(notify.next()?.hasPrefix("STOPPING=1\n") == true)
            #expect(engine.end() == 0)
            #expect(notify.next(seconds: 0) == nil && Files.exists("\(engine.root)/gantry.sock"), "the socket is systemd's")
            engine.start()
        }
    }

    @Test("a TCP socket of systemd's is served with TLS, as one of its own would be")
    func secured() throws {
        var template = Array("/var/tmp/gantry-tls-XXXXXX".utf8CString)
        let folder = String(cString: mkdtemp(&template))
        defer { try? Files.removeTree(folder) }
        let made = Command.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(folder)/key", "-out", "\(folder)/cert", "-days", "2", "-subj", "/CN=a"])
        #expect(made.status == 0, "\(made.everything)")
        try activated(71, ["--tls", "--tlscert", "\(folder)/cert", "--tlskey", "\(folder)/key"], port: "23768") { engine, _ in
            #expect(Command.run(["curl", "-sk", "https://127.0.0.1:23768/_ping"]).output == "OK")
            #expect(Command.run(["curl", "-s", "http://127.0.0.1:23768/_ping"]).status != 0, "never without")
            #expect(engine.log.contains("https://127.0.0.1:23768 without TLS client verification"))
        }
    }

    @Test("a request under way when it is told to end is answered first; streams end at once")
    func gracefulEnd() throws {
        try activated(46, ["--shutdown-timeout", "-1"]) { engine, notify in
            engine.importBusybox()
            _ = engine.run(["run", "-d", "--name", "deaf"] + Self.deaf)
            let process = engine.firstProcess(of: "deaf"), events = engine.child("events"), stop = engine.child("stop", "-t", "1000", "deaf")
            #expect(engine.waitForDump { $0.contains("/events: streaming") && $0.contains("stop for ") })
            engine.signal(SIGTERM)
            #expect(events.finish().status != -1 && !stop.hasEnded)
            kill(process, SIGKILL)
            #expect(stop.finish().status == 0)
            #expect(engine.end() == 0)
            engine.start()
            #expect(engine.gantry("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", "deaf").output == "exited 137\n")
        }
    }

    @Test("its patience ends with the shutdown timeout, or with a second SIGTERM, and containers run on", arguments: [true, false])
    func impatience(_ isTold: Bool) throws {
        try activated(47, ["--shutdown-timeout", isTold ? "-1" : "1"]) { engine, notify in
            engine.importBusybox()
            _ = engine.run(["run", "-d", "--name", "deaf"] + Self.deaf)
            let stop = engine.child("stop", "-t", "600", "deaf")
            #expect(engine.waitForDump { $0.contains("stop for ") })
            engine.signal(SIGTERM)
            #expect(notify.next()?.hasPrefix("STOPPING=1\n") == true)
            if isTold { engine.signal(SIGTERM) }
            #expect(engine.end() == 0)
            #expect(stop.finish().status == 1, "who waits is not left waiting")
            engine.start()
            #expect(engine.gantry("inspect", "--format", "{{.State.Status}}", "deaf").output == "running\n")
        }
    }

    @Test("a state store that hangs ends the keep-alive, and a dump says where; it goes on when the store does")
    func watchdog() throws {
        try activated(48, disk: Engine.storage == "btrfs" ? 150 : 24) { engine, notify in
            #expect(notify.isKeptAlive(seconds: 60))
            #expect(Command.run(["fsfreeze", "-f", engine.dataRoot]).status == 0)
            let creation = engine.child("network", "create", "frozen")
            #expect(engine.waitForDump { $0.contains("save network ") })
            #expect(engine.gantry("ps").status == 0, "others are served")
            // After those that were under way before the store hung.
            #expect(engine.eventually { !notify.isKeptAlive(seconds: 3) })
            func dumps() -> [String] { ((try? Files.list(engine.execRoot)) ?? []).filter { $0.hasPrefix("dump-") } }
            #expect(engine.eventually { !dumps().isEmpty && engine.log.contains("the engine does not answer") }, "\(engine.log)")
            Command.run(["fsfreeze", "-u", engine.dataRoot])
            #expect(notify.isKeptAlive(seconds: 60))
            #expect(creation.finish().status == 0)
        }
    }

    @Test("systemd takes the units")
    func units() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        var template = Array("/var/tmp/gantry-units-XXXXXX".utf8CString)
        let folder = String(cString: mkdtemp(&template))
        defer { try? Files.removeTree(folder) }
        for unit in ["gantryd.service", "gantryd.socket"] {
            let text = String(decoding: try Files.read("\(root)/config/\(unit)"), as: UTF8.self)
            let here = text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.hasPrefix("ExecStart=") ? "ExecStart=\(Engine.bin)/gantryd --host fd://" : $0 }
            try Files.replace("\(folder)/\(unit)", with: Array(here.joined(separator: "\n").utf8))
        }
        let verified = Command.run(["systemd-analyze", "verify", "\(folder)/gantryd.service", "\(folder)/gantryd.socket"])
        #expect(verified.status == 0 && !verified.errors.contains("gantryd."), "\(verified.everything)")
    }
}
