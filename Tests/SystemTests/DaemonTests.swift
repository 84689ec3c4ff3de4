import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("the daemon's own life", .enabled(if: Shared.isRoot), .serialized)
struct DaemonTests {
    @Test("a killed daemon's containers run on, and the next daemon takes them back")
    func adoption() {
        let engine = Engine(number: 2)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        engine.gantry("run", "-d", "--name", "counter", "-p", "127.0.0.1:18090:80", "busybox", "sh", "-c", "httpd -p 80 -h /www; i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done")
        engine.gantry("run", "-d", "--name", "short", "busybox", "sh", "-c", "sleep 1; exit 6")
        engine.gantry("run", "-d", "--rm", "--name", "removed", "busybox", "sleep", "1")
        let shims = ["short", "removed"].map { engine.shim(of: $0) }
        engine.kill()
        func page() -> String { Command.run(["curl", "-s", "-m", "5", "http://127.0.0.1:18090/"]).output }
        #expect(engine.eventually { page().contains("hello from inside") }, "its port stays published")
        #expect(engine.eventually { !shims.contains { $0 > 0 && Engine.runs($0) } })
        engine.start()
        #expect(engine.gantry("inspect", "--format", "{{.State.Running}}", "counter").output.trimmed == "true")
        #expect(engine.gantry("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", "short").output.trimmed == "exited 6")
        #expect(engine.eventually { engine.gantry("inspect", "removed").status == 1 })
        var numbers: [Int] = []
        _ = engine.eventually {
            numbers = engine.gantry("logs", "counter").output.split(separator: "\n").compactMap { Int($0) }
            return numbers.count > 20
        }
        #expect(numbers.count > 20 && numbers == Array(1...max(numbers.count, 1)), "every line once, in order")
        #expect(engine.gantry("exec", "counter", "echo", "again").output == "again\n")
        #expect(engine.gantry("stop", "-t", "0", "counter").status == 0)
        let taken = engine.gantry("run", "--rm", "-p", "127.0.0.1:18090:80", "busybox", "true")
        #expect(taken.status == 0, "the port is free again: \(taken.everything)")
    }

    @Test("a client's connection ends with the daemon, whatever containers were started meanwhile")
    func connections() {
        let engine = Engine(number: 61)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        let client = engine.child("events", "--format", "{{.Action}}")
        #expect(engine.waitForDump { $0.contains("/events: streaming") })
        engine.gantry("run", "-d", "busybox", "sleep", "1000")
        engine.kill()
        #expect(client.finish().status == 1)
        engine.start()
    }

    @Test("two daemons run side by side")
    func sideBySide() {
        let engine = Engine(number: 3)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        let other = Shared.engine
        engine.gantry("run", "-d", "--name", "same", "busybox", "sleep", "1000")
        other.withoutLeaks { _ in
            #expect(other.gantry("run", "--rm", "--name", "same", "busybox", "echo", "ok").output == "ok\n")
        }
        #expect(engine.gantry("ps", "-q").output.trimmed.count == 12)
    }

    @Test("two daemons never share an exec root, and what runs for another data root is not taken for nobody's")
    func execRoot() {
        let engine = Engine(number: 68), other = Engine(number: 69, arguments: ["--exec-root", engine.execRoot])
        engine.start()
        defer {
            other.discard()
            engine.discard()
        }
        engine.importBusybox()
        engine.gantry("run", "-d", "--name", "runs", "busybox", "sleep", "1000")
        let second = other.attempt()
        #expect(second.status == 1 && second.errors.contains("another gantryd uses \(engine.execRoot); stop it, or choose another folder with --exec-root"), "\(second.everything)")
        engine.kill()
        let next = other.attempt()
        #expect(next.status == 1 && next.errors.contains("\(engine.execRoot) holds containers of the data root \(engine.dataRoot)"), "\(next.everything)")
        engine.start()
        #expect(engine.gantry("ps", "--format", "{{.Names}}").output == "runs\n")
        engine.gantry("rm", "-f", "runs")
        engine.stop()
        other.start()
        other.stop()
        engine.start()
    }

    @Test("clients of a daemon that is killed say so, with the statuses of Docker's")
    func killed() {
        let engine = Engine(number: 68)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        let run = engine.child("run", "--name", "runs", "busybox", "sh", "-c", "echo here; sleep 1000")
        #expect(engine.waitForDump { $0.contains("/wait: streaming") } && engine.eventually { engine.gantry("logs", "runs").output == "here\n" })
        let others = [
            (255, engine.child("exec", "runs", "sleep", "1000")), (1, engine.child("logs", "-f", "runs")), (1, engine.child("attach", "runs")), (1, engine.child("events")),
            (1, engine.child("stop", "-t", "1000", "runs")),
        ]
        let calls = ["/start: attached", "/logs: streaming", "/attach: attached", "/events: streaming", "/stop: answering"]
        #expect(engine.waitForDump { dump in calls.allSatisfy(dump.contains) }, "\(engine.gantry("system", "dump").output)")
        engine.kill()
        let ended = run.finish()
        #expect(ended.status == 125 && ended.output == "here\n" && ended.errors.hasPrefix("error waiting for container: ") && !ended.errors.contains("--help"), "\(ended.everything)")
        for (status, child) in others {
            let ended = child.finish()
            #expect(ended.status == status && !ended.errors.isEmpty, "\(ended.everything)")
        }
        engine.start()
    }

    @Test("a daemon that stops and starts again has kept everything")
    func restart() {
        let engine = Engine(number: 4)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        engine.gantry("create", "--name", "kept", "-v", "vol:/data", "busybox", "echo", "still here")
        engine.gantry("run", "-d", "--name", "runs", "busybox", "sleep", "1000")
        engine.stop()
        engine.start()
        #expect(engine.gantry("start", "-a", "kept").output == "still here\n")
        #expect(engine.gantry("volume", "ls", "-q").output.trimmed == "vol")
        #expect(engine.gantry("inspect", "--format", "{{.State.Running}}", "runs").output.trimmed == "true", "containers outlive the daemon")
    }

    @Test("TLS with client certificates")
    func tls() {
        let engine = Engine(number: 5)
        let certificates = Command.run([
            "sh", "-c",
            """
            set -e; mkdir -p \(engine.root)/tls; cd \(engine.root)/tls
            openssl req -x509 -newkey rsa:2048 -nodes -keyout ca-key.pem -out ca.pem -days 2 -subj /CN=ca -addext basicConstraints=critical,CA:TRUE 2>/dev/null
            for n in server client; do
              openssl req -newkey rsa:2048 -nodes -keyout $n-key.pem -out $n.csr -subj /CN=$n 2>/dev/null
              printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\nextendedKeyUsage=%sAuth\\n' $n >ext
              openssl x509 -req -in $n.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -out $n.pem -days 2 -extfile ext 2>/dev/null
            done; mkdir -p client; cp ca.pem client/ca.pem; cp client.pem client/cert.pem; cp client-key.pem client/key.pem
            """,
        ])
        #expect(certificates.status == 0, "\(certificates.everything)")
        let tls = "\(engine.root)/tls"
        let secured = Engine(
            number: 6, arguments: ["--host", "tcp://127.0.0.1:23760", "--tlsverify", "--tlscacert", "\(tls)/ca.pem", "--tlscert", "\(tls)/server.pem", "--tlskey", "\(tls)/server-key.pem"])
        secured.start()
        defer {
            secured.discard()
            engine.discard()
        }
        let trusted = Command.run(
            ["docker", "version", "--format", "{{.Server.APIVersion}}"], environment: ["DOCKER_HOST": "tcp://127.0.0.1:23760", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "\(tls)/client"])
        #expect(trusted.status == 0, "\(trusted.everything)\(secured.log)")
        let stranger = Command.run(["curl", "-sk", "https://127.0.0.1:23760/version"])
        #expect(stranger.status != 0, "a client without a certificate is refused")
        let ours = Command.run(["\(secured.bin)/gantry", "version"], environment: ["GANTRY_HOST": "tcp://127.0.0.1:23760", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "\(tls)/client"])
        #expect(ours.status == 0, "\(ours.everything)")
    }

    @Test("a port that is taken, and a TLS file that can't be used, are told before anything is opened")
    func takenPort() {
        let owner = Child(["python3", "-uc", "import socket; s = socket.create_server(('127.0.0.1', 23769)); print('ready'); s.accept()"])
        #expect(owner.waitForOutput("ready"))
        let taken = "can't listen on tcp://127.0.0.1:23769: another process listens there"
        let refusals = [
            (["--host", "tcp://127.0.0.1:23769"], taken), (["--metrics-addr", "127.0.0.1:23769"], taken),
            (["--host", "tcp://127.0.0.1:0", "--tls", "--tlscert", "/dev/null", "--tlskey", "/dev/null"], "the certificate /dev/null can't be used"),
        ]
        for (arguments, sentence) in refusals {
            let engine = Engine(number: 72, arguments: arguments)
            defer { engine.discard() }
            let refused = engine.attempt()
            #expect(refused.status == 1 && refused.errors.contains(sentence), "\(refused.everything)")
            #expect(!Files.exists("\(engine.dataRoot)/state.sqlite") && !Files.exists("\(engine.root)/gantry.sock") && !Files.exists("\(engine.root)/pid"))
        }
        Command.run(["curl", "-s", "-m", "1", "http://127.0.0.1:23769/"])
        #expect(owner.finish().status == 0)
    }

    @Test("an unknown key names the nearest one, a flag too")
    func configuration() throws {
        let path = "/var/tmp/gantry-test-config-\(getpid()).json"
        try Files.replace(path, with: Array("{\"data-rot\": \"/x\"}".utf8))
        defer { unlink(path) }
        let result = Command.run(["\(Engine.bin)/gantryd", "--config-file", path, "--validate"])
        #expect(result.status == 1 && result.errors.contains("data-rot") && result.errors.contains("data-root"), "\(result.everything)")
        let flag = Command.run(["\(Engine.bin)/gantryd", "--data-rot", "/x"])
        #expect(flag.status != 0 && flag.errors.contains("--data-root"), "\(flag.everything)")
    }

    @Test("a full disk is an error and loses nothing")
    func fullDisk() {
        // The least that mkfs.btrfs makes is 109 MB.
        let engine = Engine(number: 7, disk: Engine.storage == "btrfs" ? 150 : 24)
        engine.start()
        engine.importBusybox()
        #expect(engine.gantry("run", "--rm", "busybox", "echo", "fits").output == "fits\n")
        Command.run(["sh", "-c", "head -c 300000000 /dev/zero >\(engine.dataRoot)/filler"])
        let refused = engine.gantry("import", "\(engine.root)/busybox.tar", "second:1")
        #expect(refused.status == 1, "\(refused.everything)")
        let run = engine.gantry("run", "--name", "full", "busybox", "true")
        Command.run(["rm", "\(engine.dataRoot)/filler"])
        #expect(engine.gantry("run", "--rm", "busybox", "echo", "again").output == "again\n", "after the disk was full: \(run.everything)")
        #expect(engine.gantry("images", "-q").output.trimmed.split(separator: "\n").count == 1)
        engine.gantry("rm", "-f", "full")
        engine.discard()
    }
}
