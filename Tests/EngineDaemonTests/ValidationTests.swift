import Glibc
import Logging
import Testing

@testable import EngineDaemon

@Test(
    "a configuration that can't work is refused before anything starts",
    arguments: [
        (["-H", "foo"], "the host \"foo\" can't be understood: it must be unix:///path, tcp://address:port or fd://"),
        (["-H", "tcp://a:b"], "the host \"tcp://a:b\" can't be understood: it must be tcp://address:port, an IPv6 address in brackets"),
        (["-H", "unix://relative"], "the socket \"unix://relative\" must be an absolute path of at most 101 bytes"),
        (["-H", "fd://", "-H", "fd://"], "the host \"fd://\" is given twice"),
        (["--bridge", "a b"], "\"a b\" can't be a bridge's name"), (["--bridge", ".."], "\"..\" can't be a bridge's name"),
        (["--bip", "10.1.0.0/16"], "invalid bip \"10.1.0.0/16\"; 10.1.0.0 is no address that a bridge can have"),
        (["--bip", "10.1.255.255/16"], "invalid bip \"10.1.255.255/16\""), (["--bip", "224.0.0.1/8"], "invalid bip \"224.0.0.1/8\""), (["--bip", "127.0.0.1/8"], "invalid bip"),
        (["--cgroup-parent", "../x"], "the cgroup parent \"../x\" must be the path of a cgroup below the root"), (["--cgroup-parent", "/"], "the cgroup parent \"/\" must be"),
        (["--pidfile", "x"], "pidfile must be an absolute path, not \"x\""),
        (["-l", "loud"], "invalid logging level: loud; it must be one of trace, debug, info, warn, error, fatal"),
        (["-l", "warning"], "invalid logging level: warning; it must be one of trace, debug, info, warn, error, fatal"),
        (["--log-format", "jsn"], "invalid log format: jsn; it must be text or json; did you mean \"json\"?"),
        (["--metrics-addr", "9323"], "the metrics address \"9323\" can't be understood: it must be ADDRESS:PORT, as 127.0.0.1:9323"),
        (["--bip", "172.17.0.1"], "invalid bip \"172.17.0.1\"; it must be an IPv4 address and prefix, as 172.17.0.1/16"),
        (["--bip", "172.17.0.300/16"], "invalid bip \"172.17.0.300/16\"; it must be an IPv4 address and prefix, as 172.17.0.1/16"),
        (["--mtu", "-1"], "invalid default MTU: -1; it must be 0 (the driver's choice) or from 68 to 65535"),
        (["--label", "x"], "invalid label format: \"x\"; it must be key=value"),
        (["--label", "x=1", "--label", "x=2"], "conflict labels for x: it has two values"),
        (["--registry-mirror", "example.org"], "invalid mirror: \"example.org\" must be https://host or http://host, with neither a user nor a query"),
        (["--data-root", "x"], "data-root must be an absolute path, not \"x\""),
        (["--tls"], "TLS needs a certificate and its key: set --tlscert and --tlskey"),
        (["--tlsverify", "--tlscert=/a", "--tlskey=/b"], "--tlsverify needs the certificates that clients must be signed by: set --tlscacert"),
        (["--tls", "--tlscert=/nonexistent", "--tlskey=/b"], "the file of --tlscert can't be read: open /nonexistent: no such file or directory"),
        (["--shutdown-timeout", "-2"], "the shutdown timeout must be -1 (wait for ever) or a number of seconds, at most a day, not -2"),
        (["--shutdown-timeout", "4294967296"], "the shutdown timeout must be -1 (wait for ever) or a number of seconds, at most a day, not 4294967296"),
    ])
func refused(_ arguments: [String], _ sentence: String) throws {
    let configuration = try Invocation(arguments).merged([:])
    let failure = #expect(throws: ConfigurationError.self) { try Validation.check(configuration) }
    #expect(failure?.message.hasPrefix(sentence) == true, "\(failure?.message ?? "accepted")")
}

@Test(
    "hosts",
    arguments: [
        ("unix:///run/x.sock", false, .unix("/run/x.sock")), ("unix://", false, .unix("/run/gantry/gantry.sock")),
        ("tcp://", false, .tcp(host: "127.0.0.1", port: 2375)), ("tcp://", true, .tcp(host: "127.0.0.1", port: 2376)),
        ("tcp://:2375", false, .tcp(host: "", port: 2375)), ("tcp://0.0.0.0", true, .tcp(host: "0.0.0.0", port: 2376)),
        ("tcp://[::1]:99", false, .tcp(host: "::1", port: 99)), ("tcp://[::1]", false, .tcp(host: "::1", port: 2375)),
        ("tcp://host:0", false, .tcp(host: "host", port: 0)), ("fd://", false, .inherited("")), ("fd://3", false, .inherited("3")),
    ] as [(String, Bool, ListenAddress)])
func hosts(_ text: String, _ usesTLS: Bool, _ address: ListenAddress) throws {
    #expect(try ListenAddress(text, usesTLS: usesTLS) == address)
}

@Test("a log line is one line, whatever is in it")
func logLine() {
    let line = LogfmtLine.text(
        .init(tv_sec: 1_700_000_000, tv_nsec: 42), .warning, "a \"b\"\nc\\",
        ["plain": "x/y", "spaced": "x y", "empty": "", "number": "\(3)", "escape": "\u{1b}[1m"])
    #expect(line == #"time="2023-11-14T22:13:20.000000042Z" level=warn msg="a \"b\"\nc\\" empty="" escape="\x1b[1m" number=3 plain=x/y spaced="x y""# + "\n")
}

@Test("a log line in JSON has Docker's keys, the fields beside them, and none twice")
func jsonLine() {
    let line = JSONLine.text(.init(tv_sec: 1_700_000_000, tv_nsec: 42), .warning, "a \"b\"\nc\\", ["container": "x", "msg": "own", "escape": "\u{1b}"])
    let expected = #"{"container":"x","escape":"\u001b","fields.msg":"own","level":"warn","msg":"a \"b\"\nc\\","time":"2023-11-14T22:13:20.000000042Z"}"#
    #expect(line == expected + "\n")
}

@Test("metrics are for this host unless somebody says otherwise")
func metricsAddress() throws {
    #expect(try MetricsAddress(":9323").host == "127.0.0.1")
    #expect(try MetricsAddress("0.0.0.0:1").host == "0.0.0.0")
    #expect(try MetricsAddress("[::1]:9323") == MetricsAddress("[::1]:9323"))
}
