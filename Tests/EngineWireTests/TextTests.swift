import EngineWire
import Testing

@Suite("times, sizes, frames and filters")
struct TextTests {
    @Test(
        "times come back",
        arguments: [
            ("2024-01-02T03:04:05.123456789Z", 1_704_164_645_123_456_789), ("1970-01-01T00:00:01Z", 1_000_000_000), ("2024-02-29T12:00:00.5Z", 1_709_208_000_500_000_000),
        ] as [(String, Int64)])
    func times(_ text: String, _ nanoseconds: Int64) {
        #expect(Timestamp.parse(text) == nanoseconds)
        #expect(Timestamp.format(nanoseconds) == text)
    }

    @Test("offsets count, and nonsense is none")
    func offsets() {
        #expect(Timestamp.parse("2024-01-02T03:04:05+01:00") == Timestamp.parse("2024-01-02T02:04:05Z"))
        #expect(Timestamp.parse("yesterday") == nil)
        // ns in 64 bits reach from 1677 to 2262.
        for text in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2262-05-01", "-999-01-01", "2024-01-02T-3:04"] { #expect(Timestamp.parse(text) == nil, "\(text)") }
        #expect(Timestamp.format(0) == "0001-01-01T00:00:00Z")
        #expect(Timestamp.formatFixed(1_000_000_000) == "1970-01-01T00:00:01.000000000Z")
    }

    @Test(
        "Go's durations",
        arguments: [
            ("1h30m", 5_400_000_000_000), ("1.5s", 1_500_000_000), ("300ms", 300_000_000), ("", nil), ("5", nil), ("h", nil), ("1x", nil), ("2024-01-01", nil), ("9999999999999h", nil),
        ] as [(String, Int64?)])
    func durations(_ text: String, _ nanoseconds: Int64?) {
        #expect(GoDuration.parse(text) == nanoseconds)
    }

    static let sizeWords: [(Int64, String)] = [
        (0, "0B"), (999, "999B"), (1000, "1kB"), (2_024_000, "2.02MB"), (1_234_567_890, "1.23GB"), (56_700_000, "56.7MB"), (-1500, "-1.5kB"), (.min, "-9.22EB"),
    ]

    @Test("sizes in Docker's words", arguments: sizeWords)
    func sizes(_ bytes: Int64, _ text: String) {
        #expect(Human.size(bytes) == text)
    }

    @Test("sizes are read with binary units", arguments: [("512m", 536_870_912), ("1.5GiB", 1_610_612_736), ("10", 10), ("4kb", 4096), ("x", nil), ("-1", nil)] as [(String, Int64?)])
    func parsed(_ text: String, _ bytes: Int64?) {
        #expect(Human.parseSize(text) == bytes)
    }

    @Test(
        "durations in Docker's words",
        arguments: [
            (0, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (60, "About a minute"), (150, "2 minutes"), (3600, "About an hour"), (7300, "2 hours"),
            (172_800, "2 days"), (1_209_600, "2 weeks"), (5_184_000, "2 months"), (63_072_000, "2 years"),
        ] as [(Int64, String)])
    func durations(_ seconds: Int64, _ text: String) {
        #expect(Human.duration(seconds: seconds) == text)
    }

    @Test("frames are cut out of any pieces")
    func frames() {
        var decoder = FrameDecoder()
        let bytes = Frame.encode(1, Array("out".utf8)) + Frame.encode(2, Array("error".utf8))
        var found: [String] = []
        for byte in bytes {
            decoder.feed([byte])
            while let frame = decoder.next() { found.append("\(frame.stream)\(String(decoding: frame.bytes, as: UTF8.self))") }
        }
        #expect(found == ["1out", "2error"])
    }

    @Test("filters: both forms, unknown names, labels")
    func filters() throws {
        let known: Set<String> = ["label", "name"]
        for text in [#"{"label":["a=b"],"name":["x"]}"#, #"{"label":{"a=b":true},"name":{"x":true}}"#] {
            let filters = try Filters(text, known: known)
            #expect(filters["name"] == ["x"])
            #expect(filters.allowsLabels(["a": "b", "c": "d"]))
            #expect(!filters.allowsLabels(["a": "c"]))
        }
        #expect(throws: Filters.Failure.unknown("nosuch")) { try Filters(#"{"nosuch":["x"]}"#, known: known) }
        #expect(throws: Filters.Failure.self) { try Filters("[1]", known: known) }
        #expect(try Filters("", known: known).isEmpty)
    }
}
