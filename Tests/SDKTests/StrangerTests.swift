import Glibc
import LinuxSystem
import TestSupport
import Testing

/// What a stranger does: unpacks the SDK outside the tree, makes a project, builds it, verifies it, runs it.
@Suite("drivers of others", .enabled(if: geteuid() == 0), .serialized)
struct StrangerTests {
    @Test("a project in C of each kind builds and verifies at once, and serves a container", arguments: ["log", "network", "storage", "volume"])
    func inC(_ kind: String) throws {
        try SDK.with { sdk in
            let made = sdk.gantry("driver", "new", "--kind", kind, "--language", "c", "mine")
            #expect(made.output == "mine/\(kind).c\nmine/Makefile\n", "\(made.everything)")
            let built = Command.run(["make", "-C", "\(sdk.folder)/mine", "CFLAGS=-O2 -Wall -Wextra -Werror"])
            #expect(built.status == 0, "\(built.everything)")
            let verified = sdk.gantry("driver", "verify", "mine/lib\(kind)-mine.so")
            #expect(verified.status == 0, "\(verified.everything)")
            if kind == "log" || kind == "storage" { serve(kind, "\(sdk.folder)/mine/lib\(kind)-mine.so") }
        }
    }

    @Test("a project in Swift of each kind builds outside the tree, verifies, and serves a container", arguments: ["log", "network", "storage", "volume"])
    func inSwift(_ kind: String) throws {
        try SDK.with { sdk in
            let made = sdk.gantry("driver", "new", "--kind", kind, "mine")
            #expect(made.output == "mine/Package.swift\nmine/Sources/Driver/\(kind).swift\n", "\(made.everything)")
            let built = Command.run(["swift", "build", "--package-path", "\(sdk.folder)/mine", "--disable-sandbox"], seconds: 300)
            #expect(built.status == 0, "\(built.everything)")
            let file = "\(sdk.folder)/mine/.build/debug/lib\(kind)-mine.so"
            let verified = sdk.gantry("driver", "verify", file)
            #expect(verified.status == 0, "\(verified.everything)")
            let exported = Command.run(["sh", "-c", "nm -D --defined-only --extern-only \(file) | cut -d' ' -f3"]).output
            #expect(exported == "gantry_driver_entry_v1\n", "\(exported)")
            if kind == "log" || kind == "storage" { serve(kind, file) }
        }
    }

    /// A container that has the driver, which nobody trusts: it runs in a process of its own.
    private func serve(_ kind: String, _ file: String) {
        let engine = Engine(number: 60)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        #expect(engine.gantry("driver", "install", file).output == "\(kind)/mine 0.1.0\n")
        let run = engine.gantry("run", "--name", "web", "--\(kind)-driver", "mine", "busybox", "sh", "-c", "echo one >/file; cat /file; echo two >&2")
        #expect(run.status == 0, "\(run.everything)")
        let logs = engine.docker("logs", "web")
        #expect(logs.output == "one\n" && logs.errors == "two\n", "\(logs.everything)")
        #expect(engine.gantry("inspect", "--format", "{{.Driver}} {{.HostConfig.LogConfig.Type}}", "web").output.contains("mine"))
    }

    @Test("nonsense is refused with a sentence, and nothing is made")
    func refusals() throws {
        try SDK.with { sdk in
            #expect(sdk.gantry("driver", "new", "--kind", "disk", "x").errors == "--kind must be log, network, storage or volume, not \"disk\"\n")
            #expect(sdk.gantry("driver", "new", "--kind", "log", "--language", "go", "x").errors == "--language must be swift or c, not \"go\"\n")
            #expect(
                sdk.gantry("driver", "new", "--kind", "log", "../X").errors
                    == "\"../X\" can't be a driver's name: 1 to 64 of a-z, 0-9, _, . and - are allowed, beginning with a letter\n")
            try Files.makeDirectories("\(sdk.folder)/taken")
            #expect(sdk.gantry("driver", "new", "--kind", "log", "taken").errors == "mkdir taken: file exists\n")
            #expect(try Files.list(sdk.folder).sorted() == ["gantry-driver-sdk", "taken"])
        }
    }
}
