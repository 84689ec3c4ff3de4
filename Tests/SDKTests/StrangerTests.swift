import Glibc
import LinuxSystem
import TestSupport
import Testing

/// What a stranger does: unpacks the SDK outside the tree, makes a project, builds it, verifies it, runs it.
@Suite("drivers of others", .enabled(if: geteuid() == 0), .serialized)
struct StrangerTests {
    private static let root = String(#filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/"))

    /// A folder outside the tree with the unpacked SDK in it.
    private func withSDK(_ body: (_ folder: String, _ gantry: ([String]) -> Command) throws -> Void) throws {
        let folder = "/var/tmp/gantry-stranger-\(getpid())"
        try? Files.removeTree(folder)
        try Files.makeDirectories("\(folder)/made", mode: 0o755)
        defer { try? Files.removeTree(folder) }
        let made = Command.run(["\(Self.root)/config/sdk", "\(folder)/made"])
        #expect(made.status == 0, "\(made.everything)")
        let unpacked = Command.run(["tar", "-C", folder, "-xzf", String(made.output.dropLast())])
        #expect(unpacked.status == 0, "\(unpacked.everything)")
        try Files.removeTree("\(folder)/made")
        try body(folder) { arguments in
            Command.run(["sh", "-c", "cd \(folder) && exec \"$@\"", "sh", "\(Engine.bin)/gantry"] + arguments, environment: ["GANTRY_SDK": "\(folder)/gantry-driver-sdk"], seconds: 120)
        }
    }

    @Test("a project in C of each kind builds and verifies at once", arguments: ["log", "volume", "network"])
    func inC(_ kind: String) throws {
        try withSDK { folder, gantry in
            let made = gantry(["driver", "new", "--kind", kind, "--language", "c", "mine"])
            #expect(made.output == "mine/\(kind).c\nmine/Makefile\n", "\(made.everything)")
            let built = Command.run(["make", "-C", "\(folder)/mine", "CFLAGS=-O2 -Wall -Wextra -Werror"])
            #expect(built.status == 0, "\(built.everything)")
            let verified = gantry(["driver", "verify", "mine/lib\(kind)-mine.so"])
            #expect(verified.status == 0, "\(verified.everything)")
        }
    }

    @Test("a project in Swift of each kind builds outside the tree, verifies, and serves a container", arguments: ["log", "volume", "network"])
    func inSwift(_ kind: String) throws {
        try withSDK { folder, gantry in
            let made = gantry(["driver", "new", "--kind", kind, "mine"])
            #expect(made.output == "mine/Package.swift\nmine/Sources/Driver/\(kind).swift\n", "\(made.everything)")
            let built = Command.run(["swift", "build", "--package-path", "\(folder)/mine", "--disable-sandbox"], seconds: 300)
            #expect(built.status == 0, "\(built.everything)")
            let file = "\(folder)/mine/.build/debug/lib\(kind)-mine.so"
            let verified = gantry(["driver", "verify", file])
            #expect(verified.status == 0, "\(verified.everything)")
            let exported = Command.run(["sh", "-c", "nm -D --defined-only --extern-only \(file) | cut -d' ' -f3"]).output
            #expect(exported == "gantry_driver_entry_v1\n", "\(exported)")
            if kind == "log" { try serve(file) }
        }
    }

    private func serve(_ file: String) throws {
        let engine = Engine(number: 60)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        #expect(engine.gantry("driver", "install", file).output == "log/mine 0.1.0\n")
        let run = engine.gantry("run", "--name", "web", "--log-driver", "mine", "busybox", "sh", "-c", "echo one; echo two >&2")
        #expect(run.status == 0, "\(run.everything)")
        let logs = engine.docker("logs", "web")
        #expect(logs.output == "one\n" && logs.errors == "two\n", "\(logs.everything)")
    }

    @Test("nonsense is refused with a sentence, and nothing is made")
    func refusals() throws {
        try withSDK { folder, gantry in
            #expect(gantry(["driver", "new", "--kind", "disk", "x"]).errors == "--kind must be log, network or volume, not \"disk\"\n")
            #expect(gantry(["driver", "new", "--kind", "log", "--language", "go", "x"]).errors == "--language must be swift or c, not \"go\"\n")
            #expect(
                gantry(["driver", "new", "--kind", "log", "../X"]).errors
                    == "\"../X\" can't be a driver's name: 1 to 64 of a-z, 0-9, _, . and - are allowed, beginning with a letter\n")
            try Files.makeDirectories("\(folder)/taken")
            #expect(gantry(["driver", "new", "--kind", "log", "taken"]).errors == "mkdir taken: file exists\n")
            #expect(try Files.list(folder).sorted() == ["gantry-driver-sdk", "taken"])
        }
    }
}
