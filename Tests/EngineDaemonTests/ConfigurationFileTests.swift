import EngineModel
import Testing

@testable import EngineDaemon

private func configuration(_ text: String, _ arguments: [String] = []) throws -> DaemonConfiguration {
    try Invocation(arguments).merged(try ConfigurationFile.parse(Array(text.utf8)))
}

struct FileCase: Sendable, CustomTestStringConvertible {
    var name: String
    var text: String
    var expected: @Sendable (inout DaemonConfiguration) -> Void
    var testDescription: String { name }
    init(_ name: String, _ text: String, _ expected: @escaping @Sendable (inout DaemonConfiguration) -> Void) {
        self.name = name
        self.text = text
        self.expected = expected
    }
}

@Test(
    "keys of the file set their fields",
    arguments: [
        FileCase("an empty file", " \n") { _ in },
        FileCase("an empty object", "{}") { _ in },
        FileCase("comments and a trailing comma", "{\n// why\n\"debug\": true, /* and */\n}") { $0.debug = true },
        FileCase("texts in a list", #"{"hosts": ["unix:///a", "tcp://:1"]}"#) { $0.hosts = ["unix:///a", "tcp://:1"] },
        FileCase("pairs", #"{"log-opts": {"max-size": "10m"}}"#) { $0.logOptions = ["max-size": "10m"] },
        FileCase("a number", #"{"mtu": 1400}"#) { $0.mtu = 1400 },
        FileCase("a size as text", #"{"default-shm-size": "1m"}"#) { $0.defaultShmSize = 1 << 20 },
        FileCase("a size as number", #"{"default-shm-size": 4096}"#) { $0.defaultShmSize = 4096 },
        FileCase("limits", #"{"default-ulimits": {"nofile": {"Name": "nofile", "Hard": 2, "Soft": 1}}}"#) {
            $0.defaultUlimits = ["nofile": Ulimit(name: "nofile", soft: 1, hard: 2)]
        },
    ])
func keys(_ example: FileCase) throws {
    var expected = DaemonConfiguration()
    example.expected(&expected)
    #expect(try configuration(example.text) == expected)
}

@Test(
    "a file that can't be is refused with a sentence",
    arguments: [
        (#"{"storage-drvier": "x"}"#, "the following directives don't match any configuration option: storage-drvier; did you mean \"storage-driver\"?"),
        (#"{"zzzzzzzz": 1}"#, "the following directives don't match any configuration option: zzzzzzzz"),
        (#"{"host": [], "labl": []}"#, "the following directives don't match any configuration option: host, labl; did you mean \"hosts\" for \"host\", \"labels\" for \"labl\"?"),
        (#"{"help": true}"#, "the following directives don't match any configuration option: help"),
        (#"{"mtu": "1500"}"#, "\"mtu\" must be a whole number, not the text \"1500\""),
        (#"{"mtu": 1.5}"#, "\"mtu\" must be a whole number, not the number 1.5"),
        (#"{"debug": 1}"#, "\"debug\" must be true or false, not the number 1"),
        (#"{"data-root": null}"#, "\"data-root\" must be a text, not null"),
        (#"{"hosts": "unix:///a"}"#, "\"hosts\" must be a list of texts, not the text \"unix:///a\""),
        (#"{"hosts": [1]}"#, "\"hosts\" must be a list of texts, and one of them is the number 1"),
        (#"{"log-opts": {"max-file": 3}}"#, "\"max-file\" in \"log-opts\" must be a text, not the number 3"),
        (#"{"default-ulimits": {"nofile": 5}}"#, "\"nofile\" in \"default-ulimits\" must be an object with the whole numbers \"Soft\" and \"Hard\""),
        ("[]", "the file must hold one JSON object"),
    ])
func refusedFiles(_ text: String, _ sentence: String) {
    #expect(throws: ConfigurationError(sentence)) { try configuration(text) }
}

@Test(
    "text that is no JSON is refused, and the error says where and why",
    arguments: [
        ("{\n\"debug\" true}", "line 2: \":\" is missing after the key \"debug\""),
        ("{\"hosts\": [\"a\"\n\"b\"]}", "line 2: \",\" or \"]\" is missing in a list"),
        ("{\"mtu\": 1} x", "line 1: there is text after the end of the object"),
        ("{\n\n\"group\": docker}", "line 3: \"docker\" is no value; texts need double quotes"),
        ("{group: 1}", "line 1: a key in double quotes, or \"}\", must stand here"),
        ("{\"group\": \"a\n\"}", "line 1: a text does not end on its line"),
        ("{\"storage-driver\": \"vfs\",\n\"storage-driver\": \"btrfs\"}", "line 2: the key \"storage-driver\" is there twice"),
        ("{\"mtu\": 1, \"mtu\": 2}", "line 1: the key \"mtu\" is there twice"),
        ("{\"mtu\": 1x}", "line 1: \"1x\" is no number"),
        ("{ /* ", "line 1: a comment begins here and never ends"),
        ("{\"group\": \"\\ud800\"}", "line 1: half of a surrogate pair"),
        ("{\"debug\":", "line 1: the file ends where a value must stand"),
        ("nonsense", "line 1: \"nonsense\" is no value; texts need double quotes"),
    ])
func noJSON(_ text: String, _ reason: String) {
    #expect(throws: ConfigurationError("the file is not valid JSON: \(reason)")) { try configuration(text) }
}

@Test(
    "escapes in texts",
    arguments: [
        (#""a\"b\\c\/""#, "a\"b\\c/"), (#""\u00e9\n""#, "é\n"), (#""\ud83d\ude00""#, "😀"), ("\"ü\"", "ü"),
    ])
func escapes(_ text: String, _ value: String) throws {
    #expect(try JSONReader.parse(Array(text.utf8)) == .text(value))
}

@Test("brackets inside each other are no way to break the reader")
func deepNesting() {
    #expect(throws: ConfigurationError.self) { try JSONReader.parse([UInt8](repeating: UInt8(ascii: "["), count: 100_000)) }
}

@Test(
    "a directive from two places is a conflict, even when both agree",
    arguments: [
        (["-D"], #"{"debug": true}"#, "debug: (from flag: true, from file: true)"),
        (["-H", "unix:///a"], #"{"hosts": ["fd://"]}"#, "hosts: (from flag: [unix:///a], from file: [fd://])"),
        (["--label=a=b", "--mtu=1"], #"{"mtu": 2, "labels": []}"#, "labels: (from flag: [a=b], from file: []), mtu: (from flag: 1, from file: 2)"),
        (["-s", "vfs"], #"{"storage-driver": "btrfs"}"#, "storage-driver: (from flag: vfs, from file: btrfs)"),
        (["--log-opt=a=b"], #"{"log-opts": {"c": "d"}}"#, "log-opts: (from flag: map[a:b], from file: map[c:d])"),
    ])
func conflicts(_ arguments: [String], _ text: String, _ list: String) {
    let sentence = "the following directives are specified both as a flag and in the configuration file: \(list)"
    #expect(throws: ConfigurationError(sentence)) { try configuration(text, arguments) }
}

@Test("flags and file add up when they set different things")
func together() throws {
    let result = try configuration(#"{"mtu": 1400}"#, ["-D"])
    #expect(result.mtu == 1400 && result.debug)
}

@Test("a file that was asked for must exist")
func missingFile() throws {
    let failure = #expect(throws: ConfigurationError.self) { try Invocation(["--config-file", "/nonexistent.json"]).configuration() }
    #expect(failure?.message == "unable to configure the daemon with file /nonexistent.json: open /nonexistent.json: no such file or directory")
}
