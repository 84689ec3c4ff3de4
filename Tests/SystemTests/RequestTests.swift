import TestSupport
import Testing

@Suite("requests by hand", .enabled(if: Shared.isRoot), .serialized)
struct RequestTests {
    let engine = Shared.engine

    func curl(_ arguments: String...) -> Command {
        Command.run(["curl", "-s", "--unix-socket", "\(engine.root)/gantry.sock", "-w", "\n%{http_code}"] + arguments)
    }

    @Test("versions: too new, too old, none")
    func versions() {
        #expect(
            curl("http://d/v1.99/version").output == "{\"message\":\"client version 1.99 is too new. Maximum supported API version is 1.50\"}\n\n400"
                || curl("http://d/v1.99/version").output.contains("client version 1.99 is too new. Maximum supported API version is 1.50"))
        #expect(curl("http://d/v1.12/version").output.contains("client version 1.12 is too old. Minimum supported API version is 1.24"))
        #expect(curl("http://d/_ping").output == "OK\n200")
        #expect(curl("http://d/nonsense").output.contains("page not found") && curl("http://d/nonsense").output.hasSuffix("404"))
    }

    @Test("numbers and times that can't be are refused or taken for what is nearest, and the daemon goes on")
    func absurd() {
        engine.withoutLeaks { name in
            let created = engine.request("POST", "/containers/create?name=\(name)", #"{"Image":"busybox","Cmd":["sleep","100"],"HostConfig":{"Memory":9223372036854775807}}"#)
            #expect(created.output.contains("Id"), "\(created.everything)")
            #expect(engine.request("POST", "/containers/\(name)/start").output.isEmpty)
            let pid = engine.gantry("inspect", "--format", "{{.State.Pid}}", name).output.trimmed
            let stop = Child(["curl", "-s", "-X", "POST", "--unix-socket", "\(engine.root)/gantry.sock", "http://d/containers/\(name)/stop?t=9223372036854775807"])
            #expect(engine.waitForDump { $0.contains("its end: SIGTERM was sent") })
            _ = Command.run(["kill", "-9", pid])
            #expect(stop.finish().output.isEmpty)
            for time in [".", "-9223372036854775807", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"] {
                #expect(curl("http://d/events?until=1&since=\(time)").output.hasSuffix("as a time\"}\n\n400"), "\(time)")
                #expect(curl("http://d/containers/\(name)/logs?stdout=1&until=\(time)").output.hasSuffix("400"), "\(time)")
            }
            #expect(curl("http://d/containers/json?limit=9223372036854775807&size=1").output.hasSuffix("200"))
            #expect(curl("-X", "POST", "http://d/containers/\(name)/resize?h=-1&w=99999999999").output.hasSuffix("409"))
        }
    }

    @Test(
        "what no container can have is refused when it is created",
        arguments: [
            (#"{"CpusetCpus":"x"}"#, "Invalid value x for cpuset cpus"), (#"{"CpusetCpus":"0-9999"}"#, "Requested CPUs are not available - requested 0-9999, available: 0"),
            (#"{"CpusetMems":"1-0"}"#, "Invalid value 1-0 for cpuset mems"), (#"{"CpusetMems":"99"}"#, "Requested memory nodes are not available - requested 99, available: 0"),
        ])
    func impossible(_ host: String, _ sentence: String) {
        let answer = curl("-H", "Content-Type: application/json", "-d", #"{"Image":"busybox","HostConfig":\#(host)}"#, "http://d/containers/create").output
        #expect(answer.contains(sentence) && answer.hasSuffix("400"), "\(answer)")
    }

    @Test("a client of HTTP/1.0 gets no chunks, and the end of a stream is that of the connection")
    func firstVersion() {
        let client = RawConnection("\(engine.root)/gantry.sock")
        client.write("GET /events?since=1&until=2 HTTP/1.0\r\n\r\n")
        let head = client.head()
        #expect(head.hasPrefix("HTTP/1.0 200 OK") && !head.lowercased().contains("chunked"), "\(head)")
        #expect(client.rest() == [])
    }

    @Test("malformed and oversized requests are answered, and the daemon goes on")
    func malformed() {
        let json = ["-H", "Content-Type: application/json", "-d"]
        #expect(curl(json[0], json[1], json[2], "{broken", "http://d/containers/create").output.hasSuffix("400"))
        #expect(curl(json[0], json[1], json[2], "[]", "http://d/containers/create").output.hasSuffix("400"))
        let header = curl("-H", "X-Long: " + String(repeating: "x", count: 100_000), "http://d/_ping").output
        #expect(header.hasSuffix("431") || header.hasSuffix("400"), "\(header)")
        Command.run(["sh", "-c", "(printf '{\"Image\":\"'; head -c 9000000 /dev/zero | tr '\\0' x; printf '\"}') >\(engine.root)/big.json"])
        let big = curl("-H", "Content-Type: application/json", "-H", "Expect:", "--data-binary", "@\(engine.root)/big.json", "http://d/containers/create").output
        #expect(big.hasSuffix("413"), "\(big.suffix(200))")
        #expect(curl("-X", "POST", "http://d/containers/nosuch/start").output == "{\"message\":\"No such container: nosuch\"}\n\n404")
        #expect(curl("http://d/containers/json?filters=%7B%22nosuch%22%3A%5B%22x%22%5D%7D").output.contains("invalid filter"))
        #expect(curl("http://d/_ping").output == "OK\n200")
    }
}
