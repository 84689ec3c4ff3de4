import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem
import Testing

@Suite("json-file")
struct JSONFileTests {
    private static let second: Int64 = 1_000_000_000
    /// 2024-01-02T03:04:05Z.
    private static let start: Int64 = 1_704_164_645 * second

    private let folder: TestFolder
    private let driver: LoadedDriver

    init() throws {
        folder = try TestFolder()
        driver = try Loader.load(Builds.driver("log-json-file"), checksOwnership: false)
    }

    private func open(_ options: [String: String] = [:], labels: [String: String] = [:], reading: Bool = false) throws -> LoadedLogDriver {
        try LoadedLogDriver(driver, OpenContext(name: "c", stateDirectory: folder.path, options: options, labels: labels, readOnly: reading))
    }

    private func stored(_ suffix: String = "") throws -> String { try folder.text("c-json.log\(suffix)") }

    private func write(_ log: LoadedLogDriver, bytes: [UInt8], partial: Bool = false) throws {
        try withBatch([(bytes, 0, false, partial)]) { try log.write($0) }
    }

    private func number(_ log: LoadedLogDriver, _ range: Range<Int>) throws {
        for index in range { try DriverHostTests.write(log, ["line \(index)"], time: Self.start + Int64(index) * Self.second) }
    }

    @Test("a record has Docker's bytes")
    func format() throws {
        let log = try open()
        try withBatch([
            (Array("hello \"you\" \\ <b>&amp;\tend".utf8), Self.start + 123_456_789, false, false),
            (Array("grün 日本 \u{1F600} \u{2028}\u{FFFD}".utf8), Self.start + 120_000_000, true, false),
            ([0x61, 0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0x00, 0x1b, 0x7f, 0x0d], Self.start, false, false),
            (Array("part".utf8), Self.start, false, true),
            ([], Self.start, false, false),
        ]) { try log.write($0) }
        #expect(
            try stored() == #"""
                {"log":"hello \"you\" \\ \u003cb\u003e\u0026amp;\u0009end\n","stream":"stdout","time":"2024-01-02T03:04:05.123456789Z"}
                {"log":"grün 日本 😀 \u2028�\n","stream":"stderr","time":"2024-01-02T03:04:05.12Z"}
                {"log":"a\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\u0000\u001b\#u{7f}\r\n","stream":"stdout","time":"2024-01-02T03:04:05Z"}
                {"log":"part","stream":"stdout","time":"2024-01-02T03:04:05Z"}
                {"log":"\n","stream":"stdout","time":"2024-01-02T03:04:05Z"}

                """#)
        let lines = try read(log)
        #expect(lines.count == 5 && lines[0].text == "hello \"you\" \\ <b>&amp;\tend" && lines[1].isStderr)
        #expect(lines[1].text == "grün 日本 \u{1F600} \u{2028}\u{FFFD}" && lines[1].time == Self.start + 120_000_000)
        #expect(lines.map(\.isPartial) == [false, false, false, true, false])
    }

    @Test("times on both sides of 1970 and of leap days survive", arguments: [0, 1, 999_999_999, -1, -86_400_000_000_001, 951_782_400_000_000_000, 951_868_800_000_000_000, 4_102_444_800_000_000_000])
    func times(_ time: Int64) throws {
        let log = try open()
        try DriverHostTests.write(log, ["x"], time: time)
        #expect(try read(log).map(\.time) == [time])
    }

    @Test("any bytes without a newline survive as Docker would give them back")
    func anyBytes() throws {
        let log = try open()
        var random = SystemRandomNumberGenerator()
        var sent: [[UInt8]] = []
        for _ in 0..<300 {
            let length = Int.random(in: 0..<400, using: &random)
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }.filter { $0 != 0x0a }
            sent.append(bytes)
            try write(log, bytes: bytes)
        }
        let got = try read(log)
        // Go replaces each byte that isn't UTF-8 by itself; Swift may take several together, so only compare what is ASCII.
        #expect(got.count == sent.count)
        for (line, bytes) in zip(got, sent) { #expect(line.bytes.filter { $0 < 0x80 } == bytes.filter { $0 < 0x80 }) }
    }

    @Test("a line longer than every buffer survives")
    func longLine() throws {
        let log = try open()
        let long = [UInt8](repeating: 0x01, count: 700_000)
        try write(log, bytes: long)
        try DriverHostTests.write(log, ["after"])
        #expect(try read(log).map(\.bytes.count) == [700_000, 5])
        #expect(try read(log, LogQuery(tail: 2)).map(\.bytes.count) == [700_000, 5])
        #expect(try read(log, LogQuery(tail: 1)).map(\.text) == ["after"])
    }

    @Test("labels, environment and tag go into attrs")
    func attributes() throws {
        let log = try open(
            ["labels": "b,a,missing", "env": "HOME", "tag": "{{.Name}}/{{ .ID }}"],
            labels: ["a": "<1>", "b": "2", "gantry.env.HOME": "/root", "gantry.container.name": "web"])
        try DriverHostTests.write(log, ["x"], time: Self.start)
        #expect(try stored() == #"{"log":"x\n","stream":"stdout","attrs":{"HOME":"/root","a":"\u003c1\u003e","b":"2","tag":"web/c"},"time":"2024-01-02T03:04:05Z"}"# + "\n")
        #expect(try read(log).map(\.text) == ["x"])
        #expect(throws: EngineError.self) { try open(["tag": "{{.Nope}}"]) }
    }

    @Test(
        "values that make no sense are refused",
        arguments: [
            (["max-file": "0"], "max-file cannot be less than 1"), (["max-size": "0"], "max-size must be a positive number"),
            (["compress": "true"], "compress cannot be true when max-file is less than 2 or max-size is not set"),
        ])
    func values(_ options: [String: String], _ message: String) throws {
        do throws(EngineError) {
            _ = try LoadedLogDriver(driver, OpenContext(name: "c", stateDirectory: folder.path, options: options))
            Issue.record("it opened")
        } catch {
            #expect(error.message == message && error.code == .invalidArgument)
        }
    }

    @Test("full files move on, the oldest goes, and all that are left are read in order")
    func rotation() throws {
        let log = try open(["max-size": "1k", "max-file": "3"])
        try number(log, 0..<60)
        #expect(Files.exists("\(folder.path)/c-json.log.2") && !Files.exists("\(folder.path)/c-json.log.3"))
        for suffix in [".1", ".2"] { #expect((1000..<1100).contains(try stored(suffix).utf8.count)) }
        let texts = try read(log).map(\.text)
        #expect(texts.last == "line 59" && texts.count < 60 && texts.count > 24)
        #expect(texts == (60 - texts.count..<60).map { "line \($0)" })
    }

    @Test("a batch that is larger than a file is spread over files")
    func largeBatch() throws {
        let log = try open(["max-size": "1k", "max-file": "100"])
        try DriverHostTests.write(log, (0..<100).map { "line \($0)" })
        #expect(try read(log).map(\.text) == (0..<100).map { "line \($0)" })
        #expect(try stored(".1").utf8.count < 1100)
    }

    @Test("with one file, it is emptied when it is full")
    func oneFile() throws {
        let log = try open(["max-size": "1k"])
        try number(log, 0..<60)
        #expect(try stored().utf8.count < 1100 && !Files.exists("\(folder.path)/c-json.log.1"))
        #expect(try read(log).last?.text == "line 59")
    }

    @Test("a cursor goes on where it was, also when the file has moved, and with what is left when it is gone")
    func cursor() throws {
        let log = try open(["max-size": "1k", "max-file": "4"]), reader = try open(reading: true)
        try number(log, 0..<3)
        let cursor = try read(reader)[1].next
        #expect(try read(reader, LogQuery(from: cursor)).map(\.text) == ["line 2"])
        try number(log, 3..<20)
        #expect(Files.exists("\(folder.path)/c-json.log.1"))
        #expect(try read(reader, LogQuery(from: cursor)).map(\.text) == (2..<20).map { "line \($0)" })
        let end = try read(reader).last!.next
        #expect(try read(reader, LogQuery(from: end)).isEmpty)
        try number(log, 20..<200)
        let left = try read(reader, LogQuery(from: cursor)).map(\.text)
        #expect(left.last == "line 199" && left == (200 - left.count..<200).map { "line \($0)" })
    }

    @Test("reading on with cursors while files move loses nothing")
    func follow() throws {
        let log = try open(["max-size": "2k", "max-file": "5"]), reader = try open(reading: true)
        var cursor = LogCursor.start, seen: [String] = []
        for round in 0..<100 {
            try number(log, round * 5..<round * 5 + 5)
            let lines = try read(reader, LogQuery(from: cursor))
            seen += lines.map(\.text)
            cursor = lines.last?.next ?? cursor
        }
        #expect(seen == (0..<500).map { "line \($0)" })
    }

    @Test("the tail is counted in whole lines, across files")
    func tail() throws {
        let log = try open(["max-size": "1k", "max-file": "9"])
        try number(log, 0..<40)
        for count in [0, 1, 5, 17, 39, 40, 1000] {
            #expect(try read(log, LogQuery(tail: count)).map(\.text) == (max(0, 40 - count)..<40).map { "line \($0)" })
        }
        try write(log, bytes: Array("a".utf8), partial: true)
        try write(log, bytes: Array("b".utf8), partial: true)
        try write(log, bytes: Array("c".utf8))
        #expect(try read(log, LogQuery(tail: 1)).map(\.text) == ["a", "b", "c"])
        #expect(try read(log, LogQuery(tail: 2)).map(\.text) == ["line 39", "a", "b", "c"])
    }

    @Test("since and until are inclusive, and the tail counts what is left")
    func period() throws {
        let log = try open()
        try number(log, 0..<20)
        let query = LogQuery(since: Self.start + 5 * Self.second, until: Self.start + 9 * Self.second)
        #expect(try read(log, query).map(\.text) == (5...9).map { "line \($0)" })
        var last = query
        last.tail = 2
        #expect(try read(log, last).map(\.text) == ["line 8", "line 9"])
        let cursor = try read(log)[6].next
        #expect(try read(log, LogQuery(from: cursor, until: query.until, tail: 10)).map(\.text) == ["line 7", "line 8", "line 9"])
    }

    @Test("a torn record isn't shown, and goes when the log is opened again")
    func torn() throws {
        try number(try open(), 0..<2)
        let whole = try stored()
        try folder.write("c-json.log", whole + #"{"log":"line 2\n","str"#)
        #expect(try read(try open(reading: true)).map(\.text) == ["line 0", "line 1"])
        #expect(try read(try open(reading: true), LogQuery(tail: 1)).map(\.text) == ["line 1"])
        #expect(try stored() != whole)
        let log = try open()
        #expect(try stored() == whole)
        try number(log, 2..<3)
        #expect(try read(log).map(\.text) == ["line 0", "line 1", "line 2"])
        try folder.write("c-json.log", "torn from the start")
        _ = try open()
        #expect(try stored().isEmpty)
    }

    @Test("what isn't a record is passed over")
    func strange() throws {
        try number(try open(), 0..<1)
        try folder.write("c-json.log", try stored() + "nonsense\n\n{\"log\":\"x\n" + #"{"time":"2024-01-02T05:04:05+02:00","attrs":{"a":["}",{}]},"log":"\u0041\uD83D\uDE00\/\n","other":null}"# + "\n")
        let lines = try read(try open(reading: true))
        #expect(lines.map(\.text) == ["line 0", "A\u{1F600}/"] && lines.last?.time == Self.start)
    }

    @Test("a log that was never written is empty, and removing takes all files")
    func nothing() throws {
        #expect(try read(try open(reading: true)).isEmpty)
        let log = try open(["max-size": "1k", "max-file": "3"])
        try number(log, 0..<60)
        try log.remove()
        #expect(try Files.list(folder.path).isEmpty)
        #expect(throws: DriverError.self) { try DriverHostTests.write(log, ["x"]) }
    }

    @Test("a full disk leaves no torn record", .enabled(if: geteuid() == 0, "needs root"))
    func fullDisk() throws {
        try #require(mount("tmpfs", folder.path, "tmpfs", 0, "size=64k") == 0)
        defer { umount2(folder.path, Int32(MNT_DETACH)) }
        let log = try open()
        var failure: DriverError?
        for _ in 0..<200 where failure == nil {
            do { try write(log, bytes: [UInt8](repeating: 0x61, count: 1000)) } catch let error as DriverError { failure = error }
        }
        #expect(failure?.code == ENOSPC)
        #expect(try stored().hasSuffix("}\n"))
        #expect(try read(log).allSatisfy { $0.bytes.count == 1000 })
    }

    @Test("the registry's reader gives pages with a cursor")
    func pages() async throws {
        let registry = DriverRegistry(.init(directories: [Builds.folder], stateRoot: folder.path, checksOwnership: false))
        try number(try open(), 0..<25)
        let reader = try await registry.openLogReader("json-file", container: "c", stateDirectory: folder.path, options: [:])
        var query = LogQuery(), texts: [String] = [], pages = 0
        while true {
            let (lines, reachedEnd) = try await reader.read(query, limit: 10)
            texts += lines.map(\.text)
            pages += 1
            if let last = lines.last { query.from = last.next }
            if reachedEnd { break }
        }
        await reader.close()
        #expect(pages == 3 && texts == (0..<25).map { "line \($0)" })
    }
}

extension JSONFileTests {
    @Test("older files are compressed as Docker names them, and read as one log")
    func compressed() throws {
        let folder = try TestFolder(), driver = try Loader.load(Builds.driver("log-json-file"), checksOwnership: false)
        let options = ["max-size": "5000", "max-file": "4", "compress": "true"]
        let log = try LoadedLogDriver(driver, OpenContext(name: "c", stateDirectory: folder.path, options: options))
        for index in 0..<200 { try DriverHostTests.write(log, ["line \(index)"], time: Int64(index)) }
        for _ in 0..<6000 where !Files.exists("\(folder.path)/c-json.log.3.gz") { usleep(10_000) }
        log.close()
        #expect(Files.exists("\(folder.path)/c-json.log.1.gz") || Files.exists("\(folder.path)/c-json.log.1"))
        #expect(Files.exists("\(folder.path)/c-json.log.3.gz"))
        let reader = try LoadedLogDriver(driver, OpenContext(name: "c", stateDirectory: folder.path, options: options, readOnly: true))
        let numbers = try DriverHostTests.read(reader).compactMap { Int($0.text.dropFirst(5)) }, first = try #require(numbers.first)
        #expect(numbers == Array(first..<200) && first < 150, "\(first)")
        #expect(try DriverHostTests.read(reader, LogQuery(tail: 100)).count == 100)
    }
}
