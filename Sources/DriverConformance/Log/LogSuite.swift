import DriverHost
import DriverKit
import Glibc

/// A container's log: lines in, lines out.
enum LogSuite {
    static let checks: [Check] = [
        accepts, bytes, binary, times, streams, partial, longLines, order, reopen, separate, tail, sinceUntil, cursor, readerStops, concurrentReader, rotation, remove,
        killed, tornTail, noSpace, faults,
    ]

    static let actors = [writer]

    static func cycle(_ bench: Bench, _ log: LoadedLogDriver, _ number: Int) throws {
        try log.write([Line(number: number), Line(number: number + 1)], bench)
        guard bench.driver.capabilities.contains(.read) else { return }
        bench.step("read the last line")
        _ = try log.lines(LogQuery(tail: 1))
    }

    /// The checks that read back.
    private static func reading(_ name: String, _ demand: String, seconds: Int = 10, _ body: @escaping @Sendable (Bench) throws -> Void) -> Check {
        Check(name, demand, seconds: seconds) { bench in
            try bench.skip(unless: .read, "read lines back")
            try body(bench)
        }
    }

    // MARK: what a line is

    private static let accepts = Check("log.accepts-every-line", "lines of any length, any bytes, either stream, whole or in parts, are taken") { bench in
        let log = try LogBench(bench)
        let all = [[], [0], [10], Array("text".utf8), (0...255).map { UInt8($0) }, [UInt8](repeating: 65, count: 16384), [UInt8](repeating: 66, count: 1 << 20)]
        try log.write(all.flatMap { bytes in [Line(bytes), Line(bytes, isStderr: true), Line(bytes, isPartial: true), Line([0x2e])] }, batch: 3)
        let instance = try log.open()
        bench.step("write of no lines")
        try instance.put([])
        bench.close(instance)
    }

    private static let bytes = reading("log.text-comes-back", "every line comes back with its bytes: empty, with control characters, with letters of all kinds") { bench in
        let texts = ["plain", "", " ", "  two  ", "tab\tand\r", "\u{1b}[31mred\u{1b}[0m", "\"quoted\" \\ back\\n", "{\"log\":\"x\"}", "<&>", "é 漢字 🦊 \u{2028}", "nul\0in", "\u{7f}"]
        let log = try LogBench(bench)
        try log.write(texts.map { Line(Array($0.utf8)) })
        try Lines.same(try log.texts(), texts.map { Array($0.utf8) }, "lines of text")
    }

    private static let binary = reading("log.binary-comes-back", "bytes that are no UTF-8 come back as they are or, from a text format, each as U+FFFD") { bench in
        let high: [UInt8] = (0x80...0xff).flatMap { byte -> [UInt8] in [byte, 65] }
        let lines: [[UInt8]] = [[0xff], [65, 0xfe, 66], [0xc0, 65, 0xf8], [111, 107, 0x80], high]
        let log = try LogBench(bench)
        try log.write(lines.map { Line($0) })
        let found = try log.texts()
        let replaced = lines.map { line -> [UInt8] in line.flatMap { byte -> [UInt8] in byte < 0x80 ? [byte] : [0xef, 0xbf, 0xbd] } }
        if found != replaced { try Lines.same(found, lines, "lines of binary") }
    }

    private static let times = reading("log.times-are-kept", "a line's time comes back to the nanosecond") { bench in
        let times: [Int64] = [Line.epoch, Line.epoch + 1, Line.epoch + 123_456_789, Line.epoch + 999_999_999, Line.epoch + 86_400_000_000_007]
        let log = try LogBench(bench)
        try log.write(times.map { Line(Array("x".utf8), time: $0) })
        try demandEqual(try log.read().map(\.line.time), times, "times, ns since 1970")
    }

    private static let streams = reading("log.streams-are-kept", "stdout stays stdout and stderr stays stderr") { bench in
        let log = try LogBench(bench)
        let pattern = [false, true, true, false, true, false, false]
        try log.write(pattern.enumerated().map { Line(Array("\($0.offset)".utf8), isStderr: $0.element) }, batch: 2)
        try demandEqual(try log.read().map { $0.line.isStderr ? "stderr" : "stdout" }, pattern.map { $0 ? "stderr" : "stdout" }, "streams")
    }

    private static let partial = reading("log.parts-stay-parts", "a record that goes on in the next one of its stream comes back as such, and a whole one as whole") { bench in
        let log = try LogBench(bench)
        let lines = [Line([97], isPartial: true), Line([98], isStderr: true), Line([99], isPartial: true), Line([100]), Line([101]), Line([102], isStderr: true, isPartial: true)]
        try log.write(lines)
        try demandEqual(try log.read().map { "\(Lines.show($0.line.bytes))\($0.line.isPartial ? " goes on" : "")" }, lines.map { "\(Lines.show($0.bytes))\($0.isPartial ? " goes on" : "")" }, "parts")
    }

    private static let longLines = reading("log.long-lines", "records of 16 KiB and of 1 MiB come back whole") { bench in
        let log = try LogBench(bench)
        let lines: [[UInt8]] = [16383, 16384, 16385, 65536, 1 << 20, 5].map { (size: Int) -> [UInt8] in (0..<size).map { UInt8(0x20 + ($0 &* 31 + size) % 0x5e) } }
        try log.write(lines.map { Line($0) }, batch: 2)
        try Lines.same(try log.texts(), lines, "long lines")
    }

    // MARK: many lines

    private static let order = reading("log.every-line-once", "twenty thousand lines in batches of all sizes come back once each, in order") { bench in
        let log = try LogBench(bench)
        let lines = (0..<20_000).map { Line(number: $0, filling: bench.random.below(120)) }
        let instance = try log.open()
        var start = 0
        while start < lines.count {
            let end = min(lines.count, start + 1 + bench.random.below(700))
            bench.step("write of \(end - start) lines")
            try instance.put(lines[start..<end])
            start = end
        }
        try instance.flush()
        bench.close(instance)
        try Lines.same(try log.texts(), lines.map(\.bytes), "many lines")
    }

    private static let reopen = reading("log.opens-where-it-ended", "a log that is closed and opened again has its old lines, then the new ones") { bench in
        let log = try LogBench(bench)
        for round in 0..<4 { try log.write((0..<25).map { Line(number: round * 25 + $0) }) }
        try Lines.same(try log.texts(), (0..<100).map { Line(number: $0).bytes }, "lines of four openings")
    }

    private static let separate = reading("log.containers-are-apart", "two containers' logs that are written at the same time do not mix") { bench in
        let one = try LogBench(bench)
        let two = try LogBench(bench, container: "deadbeef")
        let logs = [try one.open(), try two.open()]
        for number in 0..<50 { try logs[number % 2].write([Line(number: number)], bench) }
        for log in logs { bench.close(log) }
        try Lines.same(try one.texts(), (0..<25).map { Line(number: $0 * 2).bytes }, "the first container's lines")
        try Lines.same(try two.texts(), (0..<25).map { Line(number: $0 * 2 + 1).bytes }, "the second container's lines")
    }
}
