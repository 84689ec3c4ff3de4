import EngineModel
import Testing

@testable import EngineDaemon

struct FlagCase: Sendable, CustomTestStringConvertible {
    var name: String
    var arguments: [String]
    var expected: @Sendable (inout DaemonConfiguration) -> Void
    var testDescription: String { name }
    init(_ name: String, _ arguments: [String], _ expected: @escaping @Sendable (inout DaemonConfiguration) -> Void) {
        self.name = name
        self.arguments = arguments
        self.expected = expected
    }
}

@Test(
    "flags set their fields",
    arguments: [
        FlagCase("nothing", []) { _ in },
        FlagCase("long with =", ["--data-root=/x"]) { $0.dataRoot = "/x" },
        FlagCase("long with a value after it", ["--data-root", "/x"]) { $0.dataRoot = "/x" },
        FlagCase("an empty value", ["--group="]) { $0.group = "" },
        FlagCase("a value with =", ["--log-opt=tag=a=b"]) { $0.logOptions = ["tag": "a=b"] },
        FlagCase("short with a value after it", ["-H", "unix:///a"]) { $0.hosts = ["unix:///a"] },
        FlagCase("short with its value in it", ["-Hunix:///a"]) { $0.hosts = ["unix:///a"] },
        FlagCase("short with =", ["-H=unix:///a"]) { $0.hosts = ["unix:///a"] },
        FlagCase("repeatable", ["-H", "unix:///a", "--host", "tcp://:1"]) { $0.hosts = ["unix:///a", "tcp://:1"] },
        FlagCase("the last one counts", ["--mtu", "1400", "--mtu", "1300"]) { $0.mtu = 1300 },
        FlagCase("switch", ["-D"]) { $0.debug = true },
        FlagCase("switch off", ["--debug=false"]) { $0.debug = false },
        FlagCase("switch takes no value after it", ["--init", "--tls=0"]) { $0.usesInit = true },
        FlagCase("switches and a value in one word", ["-Dlwarn"]) { ($0.debug, $0.logLevel) = (true, "warn") },
        FlagCase("options of the log driver", ["--log-opt", "max-size=10m", "--log-opt", "max-file=3"]) {
            $0.logOptions = ["max-size": "10m", "max-file": "3"]
        },
        FlagCase("form of the log", ["--log-format", "json"]) { $0.logFormat = "json" },
        FlagCase("metrics", ["--metrics-addr", ":9323"]) { $0.metricsAddress = ":9323" },
        FlagCase("size", ["--default-shm-size", "128M"]) { $0.defaultShmSize = 128 << 20 },
        FlagCase("limits", ["--default-ulimit", "nofile=64:128", "--default-ulimit", "core=0"]) {
            $0.defaultUlimits = ["nofile": Ulimit(name: "nofile", soft: 64, hard: 128), "core": Ulimit(name: "core", soft: 0, hard: 0)]
        },
        FlagCase("negative number", ["--shutdown-timeout", "-1"]) { $0.shutdownTimeout = -1 },
    ])
func flags(_ example: FlagCase) throws {
    var expected = DaemonConfiguration()
    example.expected(&expected)
    #expect(try Invocation(example.arguments).merged([:]) == expected)
}

@Test(
    "a flag that can't be is refused with a sentence",
    arguments: [
        (["--foo"], "unknown flag: --foo"),
        (["--data-rot", "/x"], "unknown flag: --data-rot; did you mean \"--data-root\"?"),
        (["--hosts=x"], "unknown flag: --hosts; did you mean \"--host\"?"),
        (["-x"], "unknown shorthand flag: 'x' in -x"),
        (["-Dx"], "unknown shorthand flag: 'x' in -Dx"),
        (["--data-root"], "flag needs an argument: --data-root"),
        (["-H"], "flag needs an argument: 'H' in -H"),
        (["run"], "\"gantryd\" accepts no arguments, and \"run\" is no flag"),
        (["--", "-D"], "\"gantryd\" accepts no arguments, and \"-D\" is no flag"),
        (["--mtu", "big"], "invalid argument \"big\" for \"--mtu\" flag: it must be a whole number"),
        (["--debug=perhaps"], "invalid argument \"perhaps\" for \"-D, --debug\" flag: it must be true or false"),
        (["--default-shm-size=huge"], "invalid argument \"huge\" for \"--default-shm-size\" flag: it must be a size, as 64m"),
        (["--default-ulimit=nofil=1"], "invalid argument \"nofil=1\" for \"--default-ulimit\" flag: invalid ulimit type: nofil; did you mean \"nofile\"?"),
        (["--default-ulimit=nofile=2:1"], "invalid argument \"nofile=2:1\" for \"--default-ulimit\" flag: ulimit soft limit must be less than or equal to hard limit: 2 > 1"),
    ])
func refusedFlags(_ arguments: [String], _ sentence: String) {
    #expect(throws: ConfigurationError(sentence)) { try Invocation(arguments) }
}

@Test(
    "what a command line asks for",
    arguments: [
        (["--help"], Invocation.Action.printHelp), (["-h", "--version"], .printHelp), (["-v"], .printVersion),
        (["--validate", "-D"], .validate), (["-D"], .run), (["--version=false"], .run),
    ])
func actions(_ arguments: [String], _ action: Invocation.Action) throws {
    #expect(try Invocation(arguments).action == action)
}

@Test("help shows every flag")
func help() {
    for directive in Directives.all { #expect(Usage.text.contains("--\(directive.flag)")) }
}

@Test("no two directives share a flag, a letter or a key")
func directivesAreDistinct() {
    #expect(Directives.byFlag.count == Directives.all.count)
    #expect(Directives.byShort.count == Directives.all.compactMap(\.short).count)
    #expect(Directives.byKey.count == Directives.all.compactMap(\.key).count)
}

@Test(
    "sizes",
    arguments: [
        ("0", 0), ("1024", 1024), ("1k", 1024), ("64m", 64 << 20), ("64MB", 64 << 20), ("1GiB", 1 << 30), ("1.5g", 3 << 29),
        ("2 t", 2 << 40), ("", nil), ("m", nil), ("-1", nil), ("1x", nil), ("9999999999p", nil), ("1.2.3", nil),
    ] as [(String, Int64?)])
func sizes(_ text: String, _ bytes: Int64?) {
    #expect(ByteSize.parse(text) == bytes)
}

@Test(
    "the nearest name, if one is near",
    arguments: [
        ("host", "hosts"), ("storage-drver", "storage-driver"), ("MTU", "mtu"), ("insecure-registry", "insecure-registries"),
        ("something-else-entirely", nil), ("", nil),
    ] as [(String, String?)])
func nearest(_ word: String, _ name: String?) {
    #expect(NearestName.find(word, among: Directives.byKey.keys) == name)
}

@Test(
    "two defaults for a kind of driver are refused",
    arguments: [
        (["--storage-driver", "vfs", "-s", "btrfs"], "--storage-driver is given twice, with \"vfs\" and \"btrfs\": there is one default driver of a kind"),
        (["--log-driver=local", "--log-driver=none"], "--log-driver is given twice, with \"local\" and \"none\": there is one default driver of a kind"),
    ])
func twoDefaults(_ arguments: [String], _ sentence: String) throws {
    #expect(throws: ConfigurationError(sentence)) { try Invocation(arguments) }
    #expect(throws: Never.self) { try Invocation(["-s", "vfs", "--storage-driver", "vfs"]) }
}
