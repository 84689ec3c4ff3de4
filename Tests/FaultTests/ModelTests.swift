import FaultHarness
import Glibc
import LinuxSystem
import Testing

@Suite("the model of what was acknowledged")
struct ModelTests {
    /// A journal, and what the register must be after it.
    static let cases: [(name: String, lines: [String], register: String, possible: Set<String?>)] = [
        ("acknowledged", [begin(1, "createVolume", "v"), "done 1 {}"], "volume/v", ["1"]),
        ("under way", [begin(1, "createVolume", "v")], "volume/v", ["1", nil]),
        ("not answered", [begin(1, "createVolume", "v"), "lost 1"], "volume/v", ["1", nil]),
        ("refused", [begin(1, "createVolume", "v"), "failed 1 409 no"], "volume/v", [nil]),
        ("there before", [begin(1, "createVolume", "v"), "done 1 {}", begin(2, "createVolume", "v"), "done 2 {\"made\":\"1\"}"], "volume/v", ["1"]),
        ("removed", [begin(1, "createVolume", "v"), "done 1 {}", begin(2, "removeVolume", "v"), "done 2 {}"], "volume/v", [nil]),
        ("perhaps removed", [begin(1, "createVolume", "v"), "done 1 {}", begin(2, "removeVolume", "v"), "lost 2"], "volume/v", ["1", nil]),
        ("perhaps removed, then made again", [begin(1, "createVolume", "v"), "done 1 {}", begin(2, "removeVolume", "v"), "lost 2", begin(3, "createVolume", "v"), "done 3 {}"], "volume/v", ["3"]),
        ("overlapping", [begin(1, "tagImage", "t", "a"), begin(2, "tagImage", "t", "b"), "done 1 {}", "done 2 {}"], "tag/t", ["a", "b"]),
        ("one after the other", [begin(1, "tagImage", "t", "a"), "done 1 {}", begin(2, "tagImage", "t", "b"), "done 2 {}"], "tag/t", ["b"]),
        ("a last line that was cut off", [begin(1, "createVolume", "v"), "done 1 {"], "volume/v", ["1", nil]),
        ("a restart that was not answered", container + [begin(2, "restart", "", container: 1), "lost 2"], "container/1/state", ["created", "running", "exited"]),
        ("a restart that was", container + [begin(2, "restart", "", container: 1), "done 2 {}"], "container/1/state", ["running"]),
        ("a power cut ends what runs", container + [begin(2, "start", "", container: 1), "done 2 {}", "cut"], "container/1/state", ["running", "exited"]),
        ("a power cut leaves what does not run", container + ["cut"], "container/1/state", ["created"]),
        ("acknowledged while the disk fails", [begin(1, "createVolume", "v"), "doubt", "done 1 {}", "cut"], "volume/v", ["1", nil]),
        ("acknowledged when it works again", ["doubt", "cut", begin(1, "createVolume", "v"), "done 1 {}"], "volume/v", ["1"]),
        ("a shim that was killed", container + [begin(2, "start", "", container: 1), "done 2 {}", "strike 1", "struck 1"], "container/1/state", ["running", "exited"]),
    ]

    private static let container = [begin(1, "createContainer", "c"), "done 1 {\"id\":\"x\"}"]

    private static func begin(_ number: Int, _ verb: String, _ name: String, _ value: String = "", container: Int = 0) -> String {
        #"begin \#(number) {"verb":"\#(verb)","worker":0,"container":\#(container),"name":"\#(name)","value":"\#(value)","settings":{}}"#
    }

    @Test("a journal adds up to what may be true", arguments: cases.map(\.name))
    func journal(_ name: String) throws {
        let (_, lines, register, possible) = Self.cases.first { $0.name == name }!
        let path = "/var/tmp/gantry-test-journal-\(getpid())"
        defer { unlink(path) }
        try Files.replace(path, with: Array((lines.joined(separator: "\n") + "\n").utf8))
        #expect(try Journal.replay(path)[register] == possible)
    }
}
