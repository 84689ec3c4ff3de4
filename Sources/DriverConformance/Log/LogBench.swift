import CDriverABI
import DriverHost
import DriverKit
import Glibc
import LinuxSystem

/// A line that is written or was read.
struct Line: Equatable {
    var bytes: [UInt8]
    var time: Int64
    var isStderr = false
    var isPartial = false

    /// 2023-11-14 22:13:20 UTC.
    static let epoch: Int64 = 1_700_000_000_000_000_000

    init(_ bytes: [UInt8], time: Int64 = Line.epoch, isStderr: Bool = false, isPartial: Bool = false) {
        self.bytes = bytes
        self.time = time
        self.isStderr = isStderr
        self.isPartial = isPartial
    }

    /// Line `number` of a log: its text says so, and each is one second after the one before.
    init(number: Int, filling: Int = 0) {
        self.init(Array("line \(number) \(String(repeating: "x", count: filling))".utf8), time: Self.epoch + Int64(number) * 1_000_000_000)
    }
}

/// One container's log in a folder.
struct LogBench {
    let bench: Bench
    let state: String
    let name: String
    let options: [String: String]

    /// - Parameter container: an eighth of its id.
    init(_ bench: Bench, container: String = "c0ffee12", options: [String: String] = [:]) throws {
        self.bench = bench
        self.options = options
        name = String(repeating: container, count: 8)
        state = try bench.state(container)
    }

    func open(readOnly: Bool = false) throws -> LoadedLogDriver {
        bench.step(readOnly ? "open to read" : "open to write")
        return try LoadedLogDriver(bench.driver, bench.context(name, state: state, options: options, labels: Bench.containerFacts, readOnly: readOnly))
    }

    /// Opens, writes, flushes, closes.
    func write(_ lines: [Line], batch: Int = 64) throws {
        let log = try open()
        try log.write(lines, batch: batch, bench)
        bench.close(log)
    }

    /// What an instance of its own reads.
    func read(_ query: LogQuery = LogQuery(), _ what: String = "read everything") throws -> [(line: Line, next: LogCursor)] {
        let log = try open(readOnly: true)
        defer { bench.close(log) }
        bench.step(what)
        return try log.lines(query)
    }

    func texts(_ query: LogQuery = LogQuery(), _ what: String = "read everything") throws -> [[UInt8]] { try read(query, what).map(\.line.bytes) }
}

extension LoadedLogDriver {
    func write(_ lines: [Line], batch: Int = 64, _ bench: Bench) throws {
        var start = 0
        while start < lines.count {
            let part = lines[start..<min(start + batch, lines.count)]
            bench.step("write of \(part.count) lines")
            try put(part)
            start += batch
        }
        bench.step("flush")
        try flush()
    }

    /// One call.
    func put(_ lines: ArraySlice<Line>) throws {
        let bytes = lines.flatMap(\.bytes) + [0]
        try bytes.withUnsafeBytes { buffer in
            var offset = 0
            let raw = lines.map { line in
                defer { offset += line.bytes.count }
                return gantry_log_line(
                    data: gantry_bytes(ptr: buffer.baseAddress! + offset, len: line.bytes.count), time_ns: line.time,
                    stream: UInt16(line.isStderr ? GANTRY_STREAM_STDERR : GANTRY_STREAM_STDOUT), flags: line.isPartial ? UInt16(GANTRY_LINE_PARTIAL) : 0, reserved: 0,
                    next: gantry_log_cursor())
            }
            try raw.withUnsafeBufferPointer { try write(raw: $0) }
        }
    }

    func lines(_ query: LogQuery = LogQuery()) throws -> [(line: Line, next: LogCursor)] {
        var result: [(line: Line, next: LogCursor)] = []
        try read(query) { batch in
            for line in batch { result.append((Line(Array(line.bytes), time: line.time, isStderr: line.isStderr, isPartial: line.isPartial), line.next)) }
            return true
        }
        return result
    }
}

/// Lists of lines, compared in words.
enum Lines {
    static func same(_ found: [[UInt8]], _ wanted: [[UInt8]], _ what: String) throws {
        if found == wanted { return }
        let place = zip(found, wanted).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(found.count, wanted.count)
        func text(_ list: [[UInt8]]) -> String { place < list.count ? show(list[place]) : "nothing" }
        throw Outcome.failed("\(what): \(wanted.count) lines were expected, \(found.count) came back; the first difference is line \(place + 1): \(text(wanted)) was expected, \(text(found)) was seen")
    }

    static func show(_ bytes: [UInt8]) -> String {
        let text = bytes.prefix(48).map { $0 >= 0x20 && $0 < 0x7f ? String(UnicodeScalar($0)) : "\\x" + (String($0, radix: 16).count == 1 ? "0" : "") + String($0, radix: 16) }.joined()
        return "\"\(text)\"\(bytes.count > 48 ? "… (\(bytes.count) bytes)" : "")"
    }
}
