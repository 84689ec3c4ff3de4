import Glibc
import LinuxSystem
import TestSupport
import Testing

/// What a user reads who brings a driver, or an option, that can't be.
@Suite("refusals of drivers", .enabled(if: Shared.isRoot), .serialized)
struct DriverRefusalTests {
    @Test("a file that can't be a driver is not installed, and the sentence names it and says why")
    func install() throws {
        let engine = Engine(number: 21)
        engine.start()
        defer { engine.discard() }
        func refusal(_ file: String) -> String {
            let result = engine.gantry("driver", "install", file)
            #expect(result.status == 1 && result.output.isEmpty, "\(result.everything)")
            return result.errors
        }
        func sentence(_ why: String) -> String { "Error response from daemon: the driver file liblog-broken.so was refused: \(why)\n" }
        let broken = [
            (1, "it speaks driver contract 2.0, this engine speaks 1.x"), (2, "the log driver broken lacks the required function \"write\""),
            (4, "it exports gantry_driver_entry_v2 but not gantry_driver_entry_v1: it was built for another major version of the driver contract"),
            (8, "the driver can't serve here: the kernel module nbd is not there"), (9, "it is not a driver: it does not export gantry_driver_entry_v1"),
        ]
        for (number, why) in broken {
            let file = try Fixture.build("broken.c", "liblog-broken.so", in: "\(engine.root)/\(number)", ["-DCASE=\(number)", "-DMARK=\"\(engine.root)/ran\""])
            #expect(refusal(file) == sentence(why))
        }
        #expect(!Files.exists("\(engine.root)/ran"), "nothing of a file that is no driver runs")
        let whole = try Files.read(try Fixture.build("broken.c", "liblog-broken.so", in: "\(engine.root)/7", ["-DCASE=7"]))
        let file = "\(engine.root)/liblog-broken.so"
        func refusal(of bytes: [UInt8]) throws -> String {
            try Files.replace(file, with: bytes)
            return refusal(file)
        }
        #expect(try refusal(of: Array(whole[..<6000])) == sentence("the file is truncated; install it again"))
        #if arch(x86_64)
            var foreign = whole
            foreign.replaceSubrange(18..<20, with: [183, 0])
            #expect(try refusal(of: foreign) == sentence("it was built for aarch64, this engine is x86_64"))
        #endif
        #expect(engine.gantry("driver", "ls", "--format", "{{.Name}}").output.contains("broken") == false)
        #expect(((try? Files.list("\(engine.dataRoot)/drivers")) ?? []).filter { $0 != ".incoming" } == [])
    }

    @Test("drivers in a folder that can't be loaded are found, refused when they are wanted, and shown with the reason")
    func folder() throws {
        let folder = "/var/tmp/gantry-refused-\(UInt32.random(in: 0 ... .max))"
        defer { try? Files.removeTree(folder) }
        let whole = try Fixture.build("lines.c", "liblog-lines.so", in: "\(folder)/aside")
        try Files.replace("\(folder)/liblog-cut.so", with: Array(try Files.read(whole)[..<6000]))
        #expect(symlink(whole, "\(folder)/liblog-lines.so") == 0)
        let engine = Engine(number: 21, arguments: ["--driver-dir", folder])
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        for (name, why) in [("cut", "the file is truncated; install it again"), ("lines", "it is a symbolic link; give the path of the file itself")] {
            let run = engine.gantry("run", "--rm", "--log-driver", name, "busybox", "true")
            let sentence = "the driver file \(folder)/liblog-\(name).so was refused: \(why)"
            #expect(run.status == 125 && run.errors.contains(": Error response from daemon: \(sentence)\n"), "\(run.everything)")
            #expect(engine.gantry("driver", "inspect", "--format", "{{.State}}", name).output == "failed\n")
            #expect(engine.gantry("driver", "inspect", name).output.contains(sentence))
        }
        #expect(engine.gantry("ps", "-aq").output.isEmpty, "no container was made")
    }

    @Test("options of a container's log are refused by name and type")
    func logOptions() {
        let engine = Shared.engine
        func refusal(_ options: String...) -> String {
            let run = engine.run(["run", "--rm"] + options.flatMap { ["--log-opt", $0] } + ["busybox", "true"])
            #expect(run.status == 125, "\(run.everything)")
            return run.errors.split(separator: "\n").first.map(String.init) ?? ""
        }
        let start = "gantry: Error response from daemon: "
        #expect(
            refusal("foo=1")
                == "\(start)unknown log opt 'foo' for json-file log driver (it knows compress, env, env-regex, labels, labels-regex, max-file, max-size, tag)")
        #expect(refusal("max-size=big") == "\(start)invalid value \"big\" for option \"max-size\" of the log driver json-file: a size such as 512k, 10m or 1g is wanted")
        #expect(refusal("mode=maybe") == "\(start)logger: logging mode not supported: maybe")
        #expect(refusal("max-buffer-size=1m") == "\(start)logger: max-buffer-size option is only supported with 'mode=non-blocking'")
        #expect(refusal("mode=non-blocking", "max-buffer-size=x") == "\(start)error parsing option max-buffer-size: x: invalid size: 'x'")
    }

    @Test("a daemon with an option, or a default, that can't be does not start and says why")
    func daemon() throws {
        let root = "/var/tmp/gantry-refused-\(UInt32.random(in: 0 ... .max))"
        defer { try? Files.removeTree(root) }
        func refusal(_ arguments: String...) -> String {
            let start = ["\(Engine.bin)/gantryd", "--data-root", "\(root)/data", "--exec-root", "\(root)/exec", "--host", "unix://\(root)/socket"]
            let result = Command.run(start + (arguments.contains("--config-file") ? [] : ["--config-file", "/dev/null"]) + arguments)
            #expect(result.status != 0 && result.output.isEmpty, "\(result.everything)")
            return result.errors
        }
        try Files.makeDirectories(root, mode: 0o755)
        #expect(refusal("--storage-opt", "vfs.size=1g") == "gantryd: unknown option \"size\" for the storage driver vfs (it has no options)\n")
        #expect(
            refusal("--storage-opt", "zfs.x=1").hasPrefix("gantryd: storage driver \"zfs\" not found; there are: btrfs, overlayfs, vfs\n"))
        #expect(refusal("--log-opt", "max-file=x") == "gantryd: invalid value \"x\" for option \"max-file\" of the log driver json-file: an integer is wanted\n")
        #expect(
            refusal("-s", "vfs", "-s", "btrfs")
                == "--storage-driver is given twice, with \"vfs\" and \"btrfs\": there is one default driver of a kind\nSee 'gantryd --help'.\n")
        try Files.replace("\(root)/twice.json", with: Array("{\"log-driver\": \"local\",\n \"log-driver\": \"none\"}".utf8))
        #expect(
            refusal("--config-file", "\(root)/twice.json")
                == "gantryd: unable to configure the daemon with file \(root)/twice.json: the file is not valid JSON: line 2: the key \"log-driver\" is there twice\n")
        try Files.replace("\(root)/one.json", with: Array("{\"storage-driver\": \"vfs\"}".utf8))
        #expect(
            refusal("--config-file", "\(root)/one.json", "--storage-driver", "btrfs")
                == "gantryd: unable to configure the daemon with file \(root)/one.json: the following directives are specified both as a flag and in the configuration file: storage-driver: (from flag: btrfs, from file: vfs)\n"
        )
    }

    @Test("a version that was removed may come again, with other contents, and these are what serves", arguments: [true, false])
    func sameVersionAgain(trusted: Bool) throws {
        let engine = Engine(number: 21, arguments: trusted ? ["--trusted-driver", "volume/faulty"] : [])
        engine.start()
        defer { engine.discard() }
        let old = try Fixture.volumeDriver(in: "\(engine.root)/old"), refusing = try Fixture.volumeDriver(in: "\(engine.root)/new", ["-DREFUSE"])
        for _ in 0..<2 {
            #expect(engine.gantry("driver", "install", old).output == "volume/faulty 1.0\n")
            #expect(engine.gantry("volume", "create", "-d", "faulty", "vol").output == "vol\n")
            #expect(engine.gantry("volume", "rm", "vol").output == "vol\n")
            #expect(engine.gantry("driver", "rm", "faulty").output == "faulty\n")
            #expect(engine.gantry("driver", "install", refusing).output == "volume/faulty 1.0\n")
            #expect(engine.gantry("volume", "create", "-d", "faulty", "vol").errors.contains("this version never opens"))
            #expect(engine.gantry("driver", "rm", "faulty").output == "faulty\n")
        }
        #expect(!Files.exists("\(engine.dataRoot)/drivers/volume-faulty"))
        #expect(engine.gantry("driver", "install", old).status == 0)
        engine.kill()
        engine.start()
        #expect(engine.gantry("driver", "ls", "--format", "{{.Name}} {{.Version}}").output.contains("faulty 1.0\n"))
        #expect(engine.gantry("volume", "create", "-d", "faulty", "vol").output == "vol\n")
    }
}
