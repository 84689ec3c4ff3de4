import DriverKit
import Glibc
import LogKit
import Synchronization

/// A container's log in `<state directory>/<container>-json.log`.
final class JSONFile: LogDriver {
    private let path: String
    private let options: JSONFileOptions
    private let records: RecordWriter
    private var file: LogFile?
    private let decompressed = DecompressedFiles()
    private let isCancelled = Atomic(false)

    init(_ context: OpenContext) throws {
        path = "\(context.stateDirectory)/\(context.name)-json.log"
        options = try JSONFileOptions(context.options)
        records = RecordWriter(attributes: try Attributes.encoded(context))
        if !context.readOnly { file = try LogFile(path, options) }
    }

    /// One write(2) for each batch, and one more for each file that it fills.
    func write(_ batch: LogBatch) throws {
        guard let file else { throw DriverError(EBADF, "the log \(path) is open for reading only") }
        records.buffer.count = 0
        if file.isFull { try file.rotate() }
        for line in batch {
            if file.isFull(after: records.buffer.count) {
                try flush(to: file)
                try file.rotate()
            }
            records.append(line)
            file.lastTime = line.time
        }
        try flush(to: file)
    }

    private func flush(to file: LogFile) throws {
        defer { records.buffer.count = 0 }
        if records.buffer.count > 0 { try file.append(records.buffer.bytes) }
    }

    func read(_ query: LogQuery, _ body: (LogBatch) -> Bool) throws {
        isCancelled.store(false, ordering: .relaxed)
        try LogReader(LogFiles(path, decompressed), query) { self.isCancelled.load(ordering: .relaxed) }.read(body)
    }

    func remove() throws {
        file?.close()
        file = nil
        let all = [path] + LogFiles.rotated(path).flatMap { [$0, "\($0).gz", "\($0).gz.tmp"] }
        for path in all where unlink(path) != 0 && errno != ENOENT {
            let code = errno
            throw DriverError(code, "the log \(path) can't be removed: \(String(cString: strerror(code)))")
        }
    }

    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    func close() {
        file?.close()
        file = nil
    }
}
