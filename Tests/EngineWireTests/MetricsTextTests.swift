import EngineWire
import Testing

@Suite("metrics as text")
struct MetricsTextTests {
    @Test("families, labels with anything in them, and numbers")
    func text() {
        var text = MetricsText()
        text.begin("a_total", .counter, "Line one\nline \\ two \"quoted\"")
        text.sample("a_total", [("x", "q\"b\\n\n"), ("y", "")], 3)
        text.single("b", .gauge, "B", 0.25)
        #expect(
            text.text == #"""
                # HELP a_total Line one\nline \\ two "quoted"
                # TYPE a_total counter
                a_total{x="q\"b\\n\n",y=""} 3
                # HELP b B
                # TYPE b gauge
                b 0.25

                """#)
    }

    @Test("a histogram's classes hold all that is smaller")
    func histogram() {
        var text = MetricsText()
        text.histogram("t", [("a", "1")], bounds: [0.5, 1], counts: [2, 1, 4], sum: 9.5)
        #expect(text.text == "t_bucket{a=\"1\",le=\"0.5\"} 2\nt_bucket{a=\"1\",le=\"1\"} 3\nt_bucket{a=\"1\",le=\"+Inf\"} 7\nt_sum{a=\"1\"} 9.5\nt_count{a=\"1\"} 7\n")
    }
}
