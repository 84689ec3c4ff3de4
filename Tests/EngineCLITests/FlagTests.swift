@testable import EngineCLI
import EngineWire
import Testing

@Suite("flags, as pflag reads them")
struct FlagTests {
    private func parse(_ words: [String]) throws -> FlagParser.Result {
        try FlagParser(flags: RunFlags.run, allowsFlagsAfterWords: false).parse(words)
    }

    @Test("short flags stand together, values stick or follow, and the image ends them")
    func shorts() throws {
        let result = try parse(["-dit", "-p8080:80", "-e", "A=b", "--rm=false", "--name", "web", "busybox", "sh", "-c", "x"])
        #expect(result.values.bool("detach") && result.values.bool("interactive") && result.values.bool("tty"))
        #expect(result.values.list("publish") == ["8080:80"] && result.values.list("env") == ["A=b"])
        #expect(!result.values.bool("rm") && result.values["name"] == "web")
        #expect(result.words == ["busybox", "sh", "-c", "x"])
    }

    @Test(
        "what is wrong is said in pflag's words",
        arguments: [
            (["--nosuch"], "unknown flag: --nosuch"), (["-zi"], "unknown shorthand flag: 'z' in -zi"), (["--name"], "flag needs an argument: --name"),
            (["-p"], "flag needs an argument: 'p' in -p"), (["--rm=maybe"], "invalid argument \"maybe\" for \"--rm\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax"),
            (["-m", "lots"], "invalid argument \"lots\" for \"-m, --memory\" flag: invalid size: 'lots'"),
        ])
    func refused(_ words: [String], _ sentence: String) {
        #expect(throws: Refusal(sentence)) { try parse(words) }
    }

    @Test(
        "ports",
        arguments: [
            (["8080:80"], #"{"80/tcp":[{"HostIp":"","HostPort":"8080"}]}"#), (["80"], #"{"80/tcp":[{"HostIp":"","HostPort":""}]}"#),
            (["127.0.0.1::53/udp"], #"{"53/udp":[{"HostIp":"127.0.0.1","HostPort":""}]}"#),
            (["8000-8001:80-81"], #"{"80/tcp":[{"HostIp":"","HostPort":"8000"}],"81/tcp":[{"HostIp":"","HostPort":"8001"}]}"#),
        ])
    func ports(_ given: [String], _ json: String) throws {
        #expect(try Ports(publish: given, expose: []).bindingsJSON.text == json)
    }

    @Test("ports that are none", arguments: ["99999:80", "80:99999", "a:b", "1-2:80-90", ""])
    func badPorts(_ text: String) {
        #expect(throws: Refusal.self) { try Ports(publish: [text], expose: []) }
    }

    @Test(
        "mounts",
        arguments: [
            ("type=bind,source=/a,target=/b,readonly", #"{"Type":"bind","Source":"/a","Target":"/b","ReadOnly":true}"#),
            ("type=tmpfs,target=/t", #"{"Type":"tmpfs","Target":"/t"}"#),
        ])
    func mounts(_ text: String, _ json: String) throws {
        let mount = try MountFlag.parse(text, folder: "/here"), wanted = try JSONValue(parsing: json)
        for member in wanted.entries { #expect(mount[member.key] == member.value, "\(mount.text)") }
    }

    @Test("mounts that are none", arguments: ["type=bind,source=/a", "nosuch=1,target=/x", "type=bind,target=/x,readonly=maybe"])
    func badMounts(_ text: String) {
        #expect(throws: Refusal.self) { try MountFlag.parse(text, folder: "/here") }
    }

    @Test("create opens the streams that a later start attaches")
    func createdStreams() throws {
        let flags = try parse(["-i", "busybox"]).values
        let config = try ContainerBody(flags: flags, image: "busybox", arguments: [], isForeground: true).json()
        #expect(config["AttachStdin"].bool && config["AttachStdout"].bool && config["StdinOnce"].bool)
    }

    @Test("a variable's name alone takes its value from here, or takes the image's away")
    func variables() throws {
        let all = try Environment.variables(files: [], given: ["A=1", "HERE", "NOWHERE"]) { $0 == "HERE" ? "x" : nil }
        #expect(all == ["A=1", "HERE=x", "NOWHERE"])
    }

    @Test("an image without a tag", arguments: [("a", "a:latest"), ("a:1", "a:1"), ("h:5000/a", "h:5000/a:latest"), ("a@sha256:0", "a@sha256:0")])
    func tags(_ name: String, _ full: String) {
        #expect(ContainerRun.tagged(name) == full)
    }

    @Test("every command's name is its own, and its help shows its flags")
    func table() {
        let names = CommandTable.all.flatMap(\.names)
        #expect(Set(names).count == names.count)
        for command in CommandTable.all {
            let help = Help.text(command)
            for flag in command.flags where flag.alias == nil { #expect(help.contains("--\(flag.long)"), "\(command.name) --\(flag.long)") }
        }
    }
}

@Suite("tables and columns")
struct ColumnTests {
    @Test("columns are as wide as their widest cell and three spaces")
    func table() {
        let table = Table(header: ["NAME", "STATE"], rows: [["a-long-name-here", "up"], ["b", "down"]])
        #expect(table.text == "NAME               STATE\na-long-name-here   up\nb                  down\n")
    }

    @Test("neighbouring ports are one range")
    func ports() throws {
        let ports = try JSONValue(
            parsing: #"[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8000,"Type":"tcp"},{"IP":"0.0.0.0","PrivatePort":81,"PublicPort":8001,"Type":"tcp"},{"PrivatePort":90,"Type":"udp"}]"#)
        #expect(PortColumn.text(ports.array) == "0.0.0.0:8000-8001->80-81/tcp, 90/udp")
    }

    @Test(
        "exit statuses by the engine's words",
        arguments: [
            ("exec: \"x\": executable file not found in $PATH", 127), ("stat /x: no such file or directory", 127), ("permission denied", 126), ("anything else", 125),
        ] as [(String, Int32)])
    func statuses(_ text: String, _ status: Int32) {
        #expect(StartFailure.status(Refusal(text)) == status)
    }
}
