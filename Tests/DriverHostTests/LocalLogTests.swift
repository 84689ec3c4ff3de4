import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem
import Testing

@Suite("the log driver local")
struct LocalLogTests {
    private let folder: TestFolder
    private let driver: LoadedDriver

    init() throws {
        folder = try TestFolder()
        driver = try Loader.load(Builds.driver("log-local"), checksOwnership: false)
    }

    private func open(_ options: [String: String] = [:], reading: Bool = false) throws -> LoadedLogDriver {
        try LoadedLogDriver(driver, OpenContext(name: "c", stateDirectory: folder.path, options: options, readOnly: reading))
    }

    private var files: [String] { ((try? Files.list("\(folder.path)/local-logs")) ?? []).sorted() }

    private func path(_ name: String) -> String { "\(folder.path)/local-logs/\(name)" }

    /// Lines "line N" with the time N, in batches of a hundred.
    private func number(_ log: LoadedLogDriver, _ range: Range<Int>) throws {
        for start in stride(from: range.lowerBound, to: range.upperBound, by: 100) {
            let lines = (start..<min(start + 100, range.upperBound)).map { (Array("line \($0)".utf8), Int64($0), false, false) }
            try withBatch(lines) { try log.write($0) }
        }
    }

    private func numbers(_ log: LoadedLogDriver, _ query: LogQuery = LogQuery()) throws -> [Int] {
        try read(log, query).compactMap { Int(String(decoding: $0.bytes.dropFirst(5), as: UTF8.self)) }
    }

    /// Waits until the files that are full are compressed.
    private func waitForCompression(_ full: Int) {
        for _ in 0..<6000 where files.count(where: { $0.hasSuffix(".logz") }) < full { usleep(10_000) }
    }

    @Test("any bytes, streams, times and partial lines come back as they were")
    func roundTrip() throws {
        let log = try open()
        var sent: [([UInt8], Int64, Bool, Bool)] = []
        for index in 0..<400 {
            sent.append(((0..<Int.random(in: 0..<300)).map { _ in UInt8.random(in: 0...255) }, Int64.random(in: -5...Int64.max), index % 3 == 0, index % 5 == 0))
        }
        sent.append((Array(repeating: 7, count: 1 << 20), 1, false, false))
        try withBatch(sent) { try log.write($0) }
        log.close()
        let got = try read(try open(reading: true))
        #expect(got.count == sent.count)
        for (a, b) in zip(got, sent) { #expect(a.bytes == b.0 && a.time == b.1 && a.isStderr == b.2 && a.isPartial == b.3) }
    }

    @Test("what a crash tore off at the end is never shown, and is cut off when the log is opened to write")
    func tornTail() throws {
        var log = try open()
        try number(log, 0..<20)
        log.close()
        let name = try #require(files.first { $0.hasSuffix(".log") })
        let whole = try Files.read(path(name)), frame = 16 + "line 19".utf8.count
        for cut in 1...frame {
            try Files.replace(path(name), with: Array(whole.dropLast(cut)))
            unlink(path(name.replacing(".log", with: ".idx")))
            #expect(try numbers(try open(reading: true)) == Array(0..<19), "\(cut) bytes are missing")
            log = try open()
            try number(log, 19..<22)
            log.close()
            #expect(try numbers(try open(reading: true)) == Array(0..<22), "\(cut) bytes were missing")
        }
    }

    @Test("a damaged frame loses itself and no more than its neighbours of one block")
    func damage() throws {
        let log = try open()
        try number(log, 0..<10_000)
        log.close()
        let name = try #require(files.first { $0.hasSuffix(".log") })
        var bytes = try Files.read(path(name))
        bytes[bytes.count / 2] ^= 0x40
        try Files.replace(path(name), with: bytes)
        let left = try numbers(try open(reading: true))
        #expect(left.count < 10_000 && left.count > 5_000, "\(left.count)")
        #expect(left.first == 0 && left.last == 9_999 && left == left.sorted())
    }

    @Test("full files are compressed, the oldest goes, and readers see one log", arguments: ["true", "false"])
    func rotation(compress: String) throws {
        let log = try open(["max-size": "20000", "max-file": "3", "compress": compress])
        try number(log, 0..<3_000)
        if compress == "true" { waitForCompression(2) }
        let left = try numbers(log), first = try #require(left.first)
        #expect(left == Array(first..<3_000) && first > 500, "\(first)")
        #expect(files.count(where: { $0.hasSuffix(".logz") }) == (compress == "true" ? 2 : 0))
        #expect(Set(files.map { $0.prefix(10) }).count == 3)
        #expect(try numbers(log, LogQuery(tail: 700)) == Array(2_300..<3_000))
        #expect(try numbers(log, LogQuery(since: 2_500, until: 2_510)) == Array(2_500...2_510))
        log.close()
    }

    @Test("a cursor goes on through rotation and compression, nothing lost and nothing twice")
    func cursor() throws {
        let log = try open(["max-size": "20000", "max-file": "20"]), reader = try open(["max-file": "20"], reading: true)
        var seen: [Int] = [], cursor = LogCursor.start
        for round in 0..<30 {
            try number(log, round * 200..<round * 200 + 200)
            // The reader is always half a batch behind.
            try reader.read(LogQuery(from: cursor)) { batch in
                for line in batch {
                    seen.append(Int(String(decoding: line.bytes.dropFirst(5), as: UTF8.self)) ?? -1)
                    cursor = line.next
                    if seen.count >= round * 200 + 100 { return false }
                }
                return true
            }
        }
        waitForCompression(5)
        for line in try read(reader, LogQuery(from: cursor)) { seen.append(Int(String(decoding: line.bytes.dropFirst(5), as: UTF8.self)) ?? -1) }
        #expect(seen == Array(0..<6_000))
        log.close()
    }

    @Test("the index is made again when it is gone or wrong")
    func index() throws {
        let log = try open()
        try number(log, 0..<20_000)
        log.close()
        let name = try #require(files.first { $0.hasSuffix(".idx") })
        for bytes in [[], Array("nonsense".utf8), Array(try Files.read(path(name)).dropLast(3))] as [[UInt8]] {
            try Files.replace(path(name), with: bytes)
            #expect(try numbers(try open(reading: true), LogQuery(tail: 3)) == [19_997, 19_998, 19_999])
            let again = try open()
            again.close()
            #expect(try numbers(try open(reading: true)).count == 20_000)
        }
    }

    @Test("options are refused as Docker refuses them")
    func options() throws {
        func refusal(_ options: [String: String]) -> String {
            do throws(EngineError) {
                _ = try LoadedLogDriver(driver, OpenContext(name: "c", stateDirectory: folder.path, options: options))
                return ""
            } catch { return error.message }
        }
        #expect(refusal(["max-file": "0"]) == "max-file cannot be less than 1")
        #expect(refusal(["max-file": "1"]) == "compression cannot be enabled when max file count is 1")
        #expect(refusal(["max-size": "0"]) == "max-size must be a positive number")
        #expect(refusal(["max-file": "1", "compress": "false"]) == "")
    }

    @Test("remove leaves nothing")
    func remove() throws {
        let log = try open()
        try number(log, 0..<10)
        try log.remove()
        #expect(!Files.exists("\(folder.path)/local-logs"))
    }
}
