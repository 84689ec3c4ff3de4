import EngineWire
import Testing

@Suite("JSON")
struct JSONTests {
    @Test(
        "what is read is written again",
        arguments: [
            "{}", "[]", "null", "[1,-2,3.5,true,false,null]", #"{"b":1,"a":{"c":["x"]}}"#, #""a\"b\\c\n\t\u0001""#,
        ])
    func roundTrip(_ text: String) throws {
        #expect(try JSONValue(parsing: text).text == text)
    }

    @Test("escapes, surrogates and UTF-8")
    func escapes() throws {
        #expect(try JSONValue(parsing: #""\u00e9\ud83d\ude00/\/""#) == .string("é😀//"))
        #expect(try JSONValue(parsing: #""\ud83d""#) == .string("\u{fffd}"))
        #expect(JSONValue.string("<a&b>").text == #""\u003ca\u0026b\u003e""#)
    }

    @Test("nonsense is refused", arguments: ["", "{", "[1,]", "{\"a\" 1}", "nul", "1 2", "\"a", "{\"a\":1,}", "'x'", "\u{1}"])
    func refused(_ text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test("a thousand brackets are an error and no crash")
    func deep() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "[", count: 100_000)) }
    }

    @Test("keys are found as Go finds them")
    func keys() throws {
        let value = try JSONValue(parsing: #"{"Image":"a","image":"b"}"#)
        #expect(value.ignoringCase("Image").string == "a")
        #expect(value.ignoringCase("IMAGE").string == "b")
        #expect(value["nosuch"].isNull)
    }

    @Test("indented as Docker's inspect")
    func indented() throws {
        let value = try JSONValue(parsing: #"[{"A":1,"B":[],"C":{}}]"#)
        #expect(String(decoding: value.encoded(indent: 4), as: UTF8.self) == "[\n    {\n        \"A\": 1,\n        \"B\": [],\n        \"C\": {}\n    }\n]")
    }
}
