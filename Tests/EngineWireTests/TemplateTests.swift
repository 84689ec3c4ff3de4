import EngineWire
import Testing

@Suite("--format templates")
struct TemplateTests {
    static let document = #"{"Name":"web","State":{"Running":true,"ExitCode":0},"Ports":{"80/tcp":[{"HostPort":"8080"}],"81/tcp":null},"List":["a","b"],"N":7,"Empty":""}"#

    @Test(
        "renders",
        arguments: [
            ("{{.Name}}", "web"), ("<{{.State.Running}}>", "<true>"), ("{{json .List}}", #"["a","b"]"#), ("{{range .List}}{{.}},{{end}}", "a,b,"),
            ("{{range $i, $v := .List}}{{$i}}={{$v}};{{end}}", "0=a;1=b;"), ("{{if .State.Running}}up{{else}}down{{end}}", "up"),
            ("{{if .Empty}}x{{else if .N}}y{{else}}z{{end}}", "y"), (#"{{(index (index .Ports "80/tcp") 0).HostPort}}"#, "8080"),
            (#"{{join .List "-"}}"#, "a-b"), ("{{.Name | upper}}", "WEB"), ("{{len .List}}", "2"), (#"{{if eq .Name "web"}}same{{end}}"#, "same"),
            ("{{range $p, $c := .Ports}}{{$p}} {{end}}", "80/tcp 81/tcp "), ("{{with .State}}{{.ExitCode}}{{end}}", "0"), (#"{{printf "%s:%d" .Name .N}}"#, "web:7"),
            ("{{ $x := .Name }}{{ $x }}{{ $.N }}", "web7"), ("a {{- .N -}} b", "a7b"), (#"{{truncate .Name 2}}"#, "we"), (#"{{"}}"}}"#, "}}"),
        ])
    func renders(_ template: String, _ expected: String) throws {
        #expect(try GoTemplate(template).render(JSONValue(parsing: Self.document)) == expected)
    }

    @Test("nonsense is an error", arguments: ["{{", "{{.Name", "{{if .Name}}", "{{nosuch .Name}}", "{{.NoSuch}}", "{{.Name.Sub}}", "{{end}}", "{{range .N}}{{end}}", "{{}}"])
    func refused(_ template: String) {
        #expect(throws: GoTemplate.Failure.self) { try GoTemplate(template).render(JSONValue(parsing: Self.document)) }
    }
}
