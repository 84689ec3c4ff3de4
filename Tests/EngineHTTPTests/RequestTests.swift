@testable import EngineHTTP
import EngineErrors
import EngineModel
import EngineWire
import NIOHTTP1
import Testing

@Suite("requests and routes")
struct RequestTests {
    private func request(_ uri: String, _ method: HTTPMethod = .GET) -> Request {
        let body = RequestBody { _ in }
        body.ended()
        return Request(HTTPRequestHead(version: .http1_1, method: method, uri: uri), body)
    }

    @Test(
        "the version goes from the path",
        arguments: [
            ("/v1.41/containers/json?all=1", "/containers/json", "1.41"), ("/containers/json", "/containers/json", "1.50"), ("/version", "/version", "1.50"), ("/v1.99/x", "/x", "1.99"),
            ("http://localhost:2375/v1.41/info?a=/", "/info", "1.41"), ("HTTPS://h", "/", "1.50"),
        ])
    func versions(_ uri: String, _ path: String, _ version: String) {
        let request = request(uri)
        #expect(request.path == path && request.version.description == version)
    }

    @Test("queries are decoded, and truth is Docker's")
    func queries() throws {
        let query = Query("a=x%20y+z&flag=1&no=0&none=none&names=b&names=c&t=5&bad=x")
        #expect(query["a"] == "x y z" && query.flag("flag") && !query.flag("no") && !query.flag("none") && !query.flag("missing"))
        #expect(query.all("names") == ["b", "c"])
        #expect(try query.integer("t") == 5)
        #expect(throws: EngineError.self) { try query.integer("bad") }
    }

    @Test(
        "times in a query, and what is none",
        arguments: [
            ("1700000000", 1_700_000_000_000_000_000), ("1700000000.5", 1_700_000_000_500_000_000), ("5.", 5_000_000_000), ("2024-01-02T03:04:05Z", 1_704_164_645_000_000_000), ("0", 0),
            (".", nil), ("..", nil), ("-", nil), ("5.x", nil), ("1.-5", nil), ("-9223372036854775807", nil), ("9223372036854775807", nil), ("9999-12-31T23:59:59Z", nil), ("0001-01-01", nil),
        ] as [(String, Int64?)])
    func times(_ text: String, _ nanoseconds: Int64?) {
        #expect((try? TimeParameter.parse(text, "since")) == nanoseconds)
    }

    @Test("a prune takes what all of its filters allow")
    func prune() throws {
        func allows(_ filters: String, _ labels: [String: String] = [:], created: Int64 = 5_000_000_000) throws -> Bool {
            let query = filters.map { "%" + String($0.asciiValue ?? 0, radix: 16) }.joined()
            return try PruneFilter(request("/containers/prune?filters=\(query)", .POST)).allows(labels, created: created)
        }
        #expect(try allows("{}") && allows(#"{"label":["a"]}"#, ["a": "1"]) && !allows(#"{"label":["a=2"]}"#, ["a": "1"]))
        #expect(try !allows(#"{"label!":["a"]}"#, ["a": "1"]) && !allows(#"{"label!":["x","a=1"]}"#, ["a": "1"]) && allows(#"{"label!":["a=2"]}"#, ["a": "1"]))
        #expect(try allows(#"{"until":["6"]}"#) && !allows(#"{"until":["5"]}"#) && allows(#"{"until":["24h"]}"#))
        #expect(try !allows(#"{"until":["24h"]}"#, created: .max))
        for refused in [#"{"until":["x"]}"#, #"{"until":["1","2"]}"#, #"{"name":["x"]}"#] { #expect(throws: (any Error).self) { try allows(refused) } }
    }

    @Test(
        "patterns of images' names, in no time",
        arguments: [
            ("busy*", "busybox:1", true), ("*b*x", "busybox:1", true), ("*/busybox", "a/busybox:1", true), ("*", "a/b:1", false), ("b?sybox:?", "busybox:1", true),
            ("busy", "busybox:1", false), (String(repeating: "*b", count: 5000), String(repeating: "b", count: 200), false),
        ])
    func patterns(_ pattern: String, _ reference: String, _ fits: Bool) {
        #expect(ReferencePattern.matches(reference, pattern) == fits)
    }

    @Test("names of images keep their slashes, and errors become Docker's answers")
    func routes() async {
        var router = Router()
        router.add(.GET, "/images/{name*}/json") { _, name in .text(name[0]) }
        router.add(.GET, "/fails") { _, _ in throw EngineError(.conflict, "taken") }
        router.add(.GET, "/same") { _, _ in throw EngineError(.notModified, "is so") }
        #expect(await Self.text(router.handle(request("/images/a/b%2Fc:1/json"))) == "200 a/b/c:1")
        #expect(await Self.text(router.handle(request("/fails"))) == "409 {\"message\":\"taken\"}\n")
        #expect(await Self.text(router.handle(request("/same"))) == "304 ")
        #expect(await Self.text(router.handle(request("/nosuch"))) == "404 {\"message\":\"page not found\"}\n")
    }

    private static func text(_ response: Response) -> String {
        guard case .data(let status, _, let bytes) = response else { return "not data" }
        return "\(status.code) \(String(decoding: bytes, as: UTF8.self))"
    }

    @Test("a body beyond its limit is refused, one inside comes whole")
    func bodies() async throws {
        let body = RequestBody { _ in }
        body.arrived([1, 2, 3])
        body.arrived([4])
        body.ended()
        #expect(try await body.collect(limit: 4) == [1, 2, 3, 4])
        let large = RequestBody { _ in }
        large.arrived([UInt8](repeating: 0, count: 10))
        large.ended()
        let error = await #expect(throws: EngineError.self) { try await large.collect(limit: 9) }
        #expect(error?.code == .payloadTooLarge)
        let broken = RequestBody { _ in }
        broken.broke()
        await #expect(throws: EngineError.self) { try await broken.next() }
    }

    @Test("a create request becomes the model's values")
    func create() throws {
        let json = #"""
            {"Image":"busybox","Cmd":["sh"],"Env":["A=b"],"ExposedPorts":{"80/tcp":{}},"HostConfig":{"Binds":["/a:/b:ro","vol:/c"],"PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}]},
            "RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3},"Memory":67108864,"NanoCpus":500000000,"CapAdd":["NET_ADMIN"],"Ulimits":[{"Name":"nofile","Soft":1,"Hard":2}]}}
            """#
        let request = try CreateRequest(JSONValue(parsing: json))
        #expect(request.configuration.command == ["sh"] && request.configuration.entrypoint == nil)
        #expect(request.host.mounts.map(\.source) == ["/a", "vol"] && request.host.mounts[0].readOnly && request.host.mounts[1].kind == .volume)
        #expect(request.host.portBindings.map(\.hostPort) == [8080] && request.host.restartPolicy.maximumRetryCount == 3)
        #expect(request.host.resources.memory == 64 << 20 && request.host.resources.ulimits.first?.hard == 2)
    }

    @Test(
        "what a create request may not say",
        arguments: [
            (#"{}"#, "Image"), (#"{"Image":"a","HostConfig":{"Binds":["a:b"]}}"#, "must be absolute"), (#"{"Image":"a","ExposedPorts":{"x":{}}}"#, "invalid port"),
            (#"{"Image":"a","HostConfig":{"RestartPolicy":{"Name":"often"}}}"#, "often"), (#"{"Image":"a","Cmd":[1]}"#, "Cmd"), (#"{"Image":"a","HostConfig":{"PidMode":"container:x"}}"#, "PidMode"),
        ])
    func refused(_ json: String, _ part: String) {
        let error = #expect(throws: EngineError.self) { try CreateRequest(JSONValue(parsing: json)) }
        #expect(error?.code == .invalidArgument && error?.message.contains(part) ?? false, "\(error?.message ?? "")")
    }
}
