import CDriverABI
import DriverHost
import DriverKit
import EngineErrors
import Testing

/// Raw lines over one block of bytes, for the time of a call.
func withBatch<R>(_ lines: [(text: [UInt8], time: Int64, isStderr: Bool, isPartial: Bool)], _ body: (LogBatch) throws -> R) rethrows -> R {
    let bytes = lines.flatMap(\.text)
    return try bytes.withUnsafeBytes { all in
        var offset = 0
        let raw = lines.map { line in
            defer { offset += line.text.count }
            return gantry_log_line(
                data: gantry_bytes(ptr: all.baseAddress.map { $0 + offset }, len: line.text.count), time_ns: line.time,
                stream: UInt16(line.isStderr ? GANTRY_STREAM_STDERR : GANTRY_STREAM_STDOUT), flags: UInt16(line.isPartial ? GANTRY_LINE_PARTIAL : 0),
                reserved: 0, next: gantry_log_cursor())
        }
        return try raw.withUnsafeBufferPointer { try body(LogBatch(raw: $0)) }
    }
}

func write(_ driver: some LogDriver, _ texts: [String], time: Int64 = 1) throws {
    try withBatch(texts.map { (Array($0.utf8), time, false, false) }) { try driver.write($0) }
}

func read(_ driver: LoadedLogDriver, _ query: LogQuery = LogQuery()) throws -> [LogLineCopy] {
    var lines: [LogLineCopy] = []
    try driver.read(query) { batch in
        lines += batch.map {
            LogLineCopy(bytes: Array($0.bytes), time: $0.time, isStderr: $0.isStderr, isPartial: $0.isPartial, next: $0.next)
        }
        return true
    }
    return lines
}

extension LogLineCopy { var text: String { String(decoding: bytes, as: UTF8.self) } }

@Suite("a C driver behind Swift's protocol, without threads")
struct AdapterTests {
    private let folder: TestFolder
    private let driver: LoadedDriver

    init() throws {
        folder = try TestFolder()
        driver = try Loader.load(try Builds.compile("ring.c", to: "\(folder.path)/liblog-ring.so"), checksOwnership: false) { _, _, _ in }
    }

    @Test("lines go in and come out, with their stream and place")
    func roundTrip() throws {
        let log = try LoadedLogDriver(driver, OpenContext(name: "a", stateDirectory: folder.path))
        try withBatch([(Array("one".utf8), 7, false, false), ([], 8, true, true)]) { try log.write($0) }
        let lines = try read(log)
        #expect(lines.map(\.text) == ["one", ""] && lines.map(\.time) == [7, 8])
        #expect(lines.map(\.isStderr) == [false, true] && lines.map(\.isPartial) == [false, true])
        try write(log, ["three"])
        #expect(try read(log, LogQuery(from: lines[1].next)).map(\.text) == ["three"])
        #expect(try read(log, LogQuery(tail: 1)).map(\.text) == ["three"])
    }

    @Test("the receiver can stop a reading")
    func stops() throws {
        let log = try LoadedLogDriver(driver, OpenContext(name: "b", stateDirectory: folder.path))
        try write(log, ["1", "2", "3"])
        var seen = 0
        try log.read(LogQuery()) { _ in
            seen += 1
            return seen < 2
        }
        #expect(seen == 2)
    }

    @Test("a driver's errno and sentence arrive")
    func errors() throws {
        let reader = try LoadedLogDriver(driver, OpenContext(name: "c", stateDirectory: folder.path, readOnly: true))
        #expect(throws: DriverError(9, "opened to read")) { try write(reader, ["x"]) }
        do throws(EngineError) {
            _ = try LoadedLogDriver(driver, OpenContext(name: "c", stateDirectory: folder.path, options: ["fail": "true"]))
            Issue.record("it opened")
        } catch {
            #expect(error.code == .invalidArgument && error.message == "asked to fail" && error.errno == 22)
        }
    }

    @Test("a driver of one kind can't be opened as another")
    func wrongKind() {
        #expect(throws: EngineError.self) { try LoadedVolumeDriver(driver, OpenContext(name: "d", stateDirectory: folder.path)) }
    }
}
