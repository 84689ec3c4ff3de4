public import DriverKit
import Glibc

@c(gantry_driver_entry_v1)
public func entry(_ host: HostRef, _ error: ErrorRef) -> DriverRef {
    Driver.export(host, error, .log("@NAME@", version: "0.1.0", summary: "Lines in one file", capabilities: [.read], Lines.init))
}

/// Keeps lines in the file `log` of its state folder. A record is the time, the length and the flags, then the bytes.
final class Lines: LogDriver {
    private static let headerSize = 14
    private let file: Int32
    private let path: String

    init(_ context: OpenContext) throws {
        guard context.options.isEmpty else { throw DriverError(EINVAL, "@NAME@ has no options") }
        path = "\(context.stateDirectory)/log"
        file = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        if file < 0 { throw DriverError(errno, "the log \(path) can't be opened: \(String(cString: strerror(errno)))") }
        // A crash may have torn the last record.
        if !context.readOnly { ftruncate(file, off_t(try records().last?.end ?? 0)) }
    }

    func write(_ batch: LogBatch) throws {
        var bytes: [UInt8] = []
        for line in batch {
            withUnsafeBytes(of: line.time) { bytes += $0 }
            withUnsafeBytes(of: UInt32(line.bytes.count)) { bytes += $0 }
            bytes += [line.isStderr ? 1 : 0, line.isPartial ? 1 : 0]
            bytes += line.bytes
        }
        if bytes.isEmpty { return }
        let before = lseek(file, 0, SEEK_END), written = Glibc.write(file, bytes, bytes.count)
        if written == bytes.count { return }
        let code = written < 0 ? errno : ENOSPC
        // Nothing stays behind of a batch that was not acknowledged.
        ftruncate(file, before)
        throw DriverError(code, "the log \(path) can't be written: \(String(cString: strerror(code)))")
    }

    private struct Record {
        var time: Int64
        var start, end: Int
        var isStderr, isPartial: Bool
    }

    private func contents() throws -> [UInt8] {
        let size = Int(lseek(file, 0, SEEK_END))
        var bytes = [UInt8](repeating: 0, count: max(size, 0))
        let count = pread(file, &bytes, bytes.count, 0)
        if count < 0 { throw DriverError(errno, "the log \(path) can't be read: \(String(cString: strerror(errno)))") }
        return Array(bytes.prefix(count))
    }

    private func records() throws -> [Record] { Self.records(try contents()) }

    private static func records(_ bytes: [UInt8]) -> [Record] {
        var result: [Record] = [], place = 0
        bytes.withUnsafeBytes { bytes in
            while place + headerSize <= bytes.count {
                let length = Int(bytes.loadUnaligned(fromByteOffset: place + 8, as: UInt32.self)), start = place + headerSize
                guard start + length <= bytes.count else { return }
                result.append(
                    Record(
                        time: bytes.loadUnaligned(fromByteOffset: place, as: Int64.self), start: start, end: start + length, isStderr: bytes[place + 12] == 1,
                        isPartial: bytes[place + 13] == 1))
                place = start + length
            }
        }
        return result
    }

    func read(_ query: LogQuery, _ body: (LogBatch) -> Bool) throws {
        let bytes = try contents()
        var wanted = Self.records(bytes).filter {
            $0.start >= Int(query.from.offset) && $0.time >= query.since && (query.until == 0 || $0.time <= query.until)
        }
        // Whole lines count: a part belongs to the line that it begins.
        if let tail = query.tail {
            var seen = 0, first = wanted.count
            while first > 0 {
                if !wanted[first - 1].isPartial { seen += 1 }
                if seen > tail { break }
                first -= 1
            }
            wanted.removeFirst(first)
        }
        bytes.withUnsafeBytes { bytes in
            for record in wanted {
                let data = UnsafeRawBufferPointer(rebasing: bytes[record.start..<record.end])
                var line = gantry_log_line(
                    data: gantry_bytes(ptr: data.baseAddress, len: data.count), time_ns: record.time,
                    stream: UInt16(record.isStderr ? GANTRY_STREAM_STDERR : GANTRY_STREAM_STDOUT), flags: UInt16(record.isPartial ? GANTRY_LINE_PARTIAL : 0),
                    reserved: 0, next: gantry_log_cursor(epoch: 0, offset: UInt64(record.end)))
                let goesOn = withUnsafePointer(to: &line) { body(LogBatch(raw: UnsafeBufferPointer(start: $0, count: 1))) }
                if !goesOn { return }
            }
        }
    }

    func remove() throws {
        if unlink(path) != 0 && errno != ENOENT { throw DriverError(errno, "the log \(path) can't be removed: \(String(cString: strerror(errno)))") }
    }

    func close() { _ = Glibc.close(file) }
}
