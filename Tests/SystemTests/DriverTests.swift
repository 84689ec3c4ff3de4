import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("drivers that come, change and go", .enabled(if: Shared.isRoot), .serialized)
struct DriverTests {
    private func withEngine(_ number: Int, _ arguments: [String] = [], _ body: (Engine) throws -> Void) rethrows {
        let engine = Engine(number: number, arguments: arguments)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        try body(engine)
    }

    @Test("a stranger's driver is installed, isolated, crashes alone, is upgraded and removed")
    func stranger() throws {
        try withEngine(80) { engine in
            let one = try Fixture.volumeDriver(in: "\(engine.root)/one"), two = try Fixture.volumeDriver(in: "\(engine.root)/two", ["-DVERSION=\"1.1\""])
            let three = try Fixture.volumeDriver(in: "\(engine.root)/three", ["-DVERSION=\"1.2\"", "-DREFUSE"])
            #expect(engine.gantry("driver", "install", one).output == "volume/faulty 1.0\n")
            let again = engine.gantry("driver", "install", one)
            let place = "\(engine.dataRoot)/drivers/volume-faulty/1.0/libvolume-faulty.so"
            #expect(
                again.status == 1
                    && again.errors == "Error response from daemon: a volume driver named faulty exists already (\(place)); use `gantry driver upgrade` to replace its version\n",
                "\(again.everything)")

            #expect(engine.docker("volume", "create", "-d", "faulty", "vol").output == "vol\n")
            #expect(engine.gantry("driver", "ls", "--format", "{{.Name}} {{.Version}} {{.State}} {{.Isolated}}").output.contains("faulty 1.0 loaded yes\n"))
            let crash = engine.docker("volume", "create", "-d", "faulty", "crash")
            #expect(
                crash.errors == "Error response from daemon: create crash: volume driver faulty: it crashed (Segmentation fault) in create; it is started again for the next call\n",
                "\(crash.everything)")
            let run = engine.gantry("run", "--rm", "-v", "vol:/v", "busybox", "sh", "-c", "echo kept >/v/file; cat /v/file")
            #expect(run.output == "kept\n", "\(run.errors) \(run.status)")
            let inspected = engine.gantry("driver", "inspect", "--format", "{{.Restarts}} {{.Errors}} {{.Isolated}}", "faulty").output
            // The creation, and the removal of what it may have left: there is nothing.
            #expect(inspected == "1 2 true\n")
            let events = engine.gantry("events", "--since", "1", "--until", "\(time(nil) + 1)", "--filter", "type=driver", "--format", "{{.Action}} {{.Actor.ID}}").output
            #expect(events == "install faulty\ncrash faulty\n", "\(events)")

            #expect(engine.gantry("driver", "upgrade", "faulty", two).output == "volume/faulty 1.1\n")
            let failed = engine.gantry("driver", "upgrade", "volume/faulty", three)
            #expect(
                failed.errors
                    == "Error response from daemon: the volume driver faulty was not upgraded, version 1.1 serves on: volume driver faulty: this version never opens\n",
                "\(failed.everything)")
            #expect(
                engine.gantry("driver", "ls", "--format", "{{.Name}} {{.Version}} {{.State}}").output.contains("faulty 1.1 loaded\nfaulty 1.0 replaced\n"))
            #expect(engine.gantry("run", "--rm", "-v", "vol:/v", "busybox", "cat", "/v/file").output == "kept\n")

            engine.kill()
            engine.start()
            #expect(engine.gantry("driver", "ls", "--format", "{{.Name}} {{.Version}}").output.contains("faulty 1.1\n"))
            #expect(engine.gantry("run", "--rm", "-v", "vol:/v", "busybox", "cat", "/v/file").output == "kept\n")

            let used = engine.gantry("driver", "rm", "faulty")
            #expect(used.status == 1 && used.errors == "Error response from daemon: the volume driver faulty is in use by volume vol; remove or migrate them first\n", "\(used.everything)")
            #expect(engine.gantry("volume", "rm", "vol").status == 0)
            #expect(engine.gantry("driver", "rm", "faulty").output == "faulty\n")
            #expect(engine.gantry("driver", "inspect", "faulty").errors == "Error response from daemon: No such driver: faulty\n")
            #expect(!Files.exists("\(engine.dataRoot)/drivers/volume-faulty"))
        }
    }

    @Test("a hanging driver shows in driver ps with its age, and nothing else waits for it")
    func hang() throws {
        try withEngine(81) { engine in
            let path = try Fixture.volumeDriver(in: "\(engine.root)/one")
            #expect(engine.gantry("driver", "install", path).status == 0)
            let hanging = engine.child("volume", "create", "-d", "faulty", "hang")
            func calls() -> String { engine.gantry("driver", "ps", "--format", "{{.Kind}} {{.Driver}} {{.Call}}").output }
            // It opens first.
            #expect(engine.eventually { calls() == "volume faulty create\n" }, "\(calls())")
            #expect(engine.gantry("run", "--rm", "busybox", "echo", "free").output == "free\n")
            #expect(engine.gantry("ps").status == 0)
            // It hangs on in a process; a daemon that comes after this one is not held up by it.
            engine.kill()
            engine.start()
            #expect(engine.gantry("run", "--rm", "busybox", "echo", "free").output == "free\n")
            #expect(hanging.finish().status == 1)
        }
    }

    @Test("containers run with every driver isolated")
    func everythingIsolated() {
        let drivers = ["storage/\(Engine.storage)", "network/bridge", "log/json-file", "volume/local"]
        withEngine(82, drivers.flatMap { ["--isolated-driver", $0] }) { engine in
            engine.gantry("run", "-d", "--name", "warm", "-p", "127.0.0.1::80", "-v", "/data", "busybox", "sleep", "1000")
            engine.gantry("exec", "warm", "true")
            engine.gantry("logs", "warm")
            engine.gantry("rm", "-f", "-v", "warm")
            engine.withoutLeaks { name in
                let run = engine.gantry(
                    "run", "-d", "--name", name, "-p", "127.0.0.1:18082:80", "-v", "\(name):/www", "busybox", "sh", "-c", "echo page >/www/index.html; echo started; httpd -f -h /www")
                #expect(run.status == 0, "\(run.everything)")
                #expect(engine.eventually { Command.run(["busybox", "wget", "-q", "-O", "-", "http://127.0.0.1:18082/"]).output == "page\n" })
                #expect(engine.gantry("logs", name).output == "started\n")
                #expect(engine.gantry("exec", name, "cat", "/www/index.html").output == "page\n")
                #expect(engine.gantry("logs", name).output == "started\n")
                #expect(engine.gantry("rm", "-f", name).status == 0)
                #expect(engine.gantry("volume", "rm", name).status == 0)
            }
            engine.gantry("run", "-d", "--name", "adopted", "busybox", "sh", "-c", "echo before; sleep 2; echo after; sleep 1000")
            engine.kill()
            engine.start()
            #expect(engine.eventually { engine.gantry("logs", "adopted").output == "before\nafter\n" }, "its log is written by a process that outlives the daemon")
            #expect(engine.gantry("rm", "-f", "adopted").status == 0)
            #expect(engine.gantry("volume", "create", "other").status == 0)
            let isolated = engine.gantry("driver", "ls", "--format", "{{.Kind}}/{{.Name}} {{.Isolated}} {{.State}}").output
            for driver in drivers { #expect(isolated.contains("\(driver) yes loaded\n"), "\(isolated)") }
        }
    }

    @Test("nonsense is refused with a sentence, and nothing is installed")
    func refusals() throws {
        try withEngine(83) { engine in
            func install(_ name: String, _ text: String) throws -> String {
                try Files.replace("\(engine.root)/\(name)", with: Array(text.utf8))
                return engine.gantry("driver", "install", "\(engine.root)/\(name)").errors
            }
            #expect(try install("libvolume-x.so", "text") == "Error response from daemon: the driver file libvolume-x.so was refused: it is not an ELF file\n")
            #expect(try install("x.so", "text") == "Error response from daemon: the file's name is \"x.so\"; a driver's file is called lib<kind>-<name>.so\n")
            let path = try Fixture.volumeDriver(in: "\(engine.root)/one")
            let renamed = "\(engine.root)/libvolume-other.so"
            try Files.replace(renamed, with: try Files.read(path))
            #expect(
                engine.gantry("driver", "install", renamed).errors
                    == "Error response from daemon: the driver file libvolume-other.so was refused: it holds the volume driver faulty, so the file must be called libvolume-faulty.so\n")
            #expect(engine.gantry("driver", "install", "/nonexistent").errors.contains("open /nonexistent: no such file or directory"))
            #expect(engine.gantry("driver", "upgrade", "volume/local", path).errors == "Error response from daemon: libvolume-faulty.so holds the volume driver faulty, not the volume driver local\n")
            #expect(engine.gantry("driver", "upgrade", "nope", path).errors == "Error response from daemon: No such driver: nope\n")
            #expect(engine.gantry("driver", "rm", "none").errors == "Error response from daemon: none is the name of several drivers: say log/none or network/none\n")
            #expect(engine.gantry("driver", "rm", "volume/local").errors == "Error response from daemon: the volume driver local is the default one; choose another default first\n")
            #expect(engine.gantry("driver", "rm", "syslog").errors.hasPrefix("Error response from daemon: the log driver syslog is part of an installation ("))
            #expect(((try? Files.list("\(engine.dataRoot)/drivers/.incoming")) ?? []).isEmpty)
        }
    }

    @Test("an upgrade of a log driver moves the logs of running containers, and no line is lost")
    func logUpgrade() throws {
        try withEngine(84) { engine in
            func build(_ version: String) throws -> String {
                try Fixture.build("lines.c", "liblog-lines.so", in: "\(engine.root)/\(version)", ["-DVERSION=\"\(version)\""])
            }
            let old = try build("1.0"), new = try build("1.1")
            #expect(engine.gantry("driver", "install", old).output == "log/lines 1.0\n")
            engine.gantry(
                "run", "-d", "--name", "writer", "--log-driver", "lines", "busybox", "sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo $i; done; sleep 1000")
            #expect(engine.gantry("driver", "upgrade", "lines", new).output == "log/lines 1.1\n")
            var numbers: [Int] = []
            _ = engine.eventually {
                numbers = engine.gantry("logs", "writer").output.split(separator: "\n").compactMap { Int($0) }
                return numbers.count >= 20_000
            }
            #expect(numbers == Array(1...20_000), "\(numbers.count)")
            let folders = (try? Files.list("\(engine.dataRoot)/containers/\(engine.gantry("inspect", "--format", "{{.Id}}", "writer").output.trimmed)")) ?? []
            #expect(folders.contains("log-2") && folders.contains("lines.log"), "\(folders)")
        }
    }
}
