import CDriverABI
import DriverKit

extension LogQuery: HostValue {
    func put(in message: inout MessageWriter) {
        message.raw(from.epoch)
        message.raw(from.offset)
        message.put(since)
        message.put(until)
        message.put(Int64(tail ?? -1))
    }
    init(from message: inout MessageReader) throws(BrokenMessage) {
        let cursor = LogCursor(epoch: try message.raw(), offset: try message.raw())
        let since: Int64 = try message.get(), until: Int64 = try message.get(), tail: Int64 = try message.get()
        self.init(from: cursor, since: since, until: until, tail: tail < 0 ? nil : Int(tail))
    }
}

/// Lines of a log on their way: those of a batch, or copies that look like one.
struct LogLines: HostValue {
    private var copies: [gantry_log_line] = []
    private var bytes: [UInt8] = []

    init(_ batch: LogBatch) { copies = Array(batch.raw) }

    func put(in message: inout MessageWriter) {
        message.raw(UInt64(copies.count))
        for line in copies {
            message.raw(line.time_ns)
            message.raw(line.stream)
            message.raw(line.flags)
            message.raw(line.next.epoch)
            message.raw(line.next.offset)
            message.raw(UnsafeRawBufferPointer(start: line.data.ptr, count: line.data.len))
        }
    }

    init(from message: inout MessageReader) throws(BrokenMessage) {
        for _ in 0..<(try message.raw(UInt64.self)) {
            var line = gantry_log_line()
            line.time_ns = try message.raw()
            line.stream = try message.raw()
            line.flags = try message.raw()
            line.next = gantry_log_cursor(epoch: try message.raw(), offset: try message.raw())
            let data = try message.slice()
            line.data.len = data.count
            bytes += data
            copies.append(line)
        }
    }

    /// The received lines as a batch, valid for the time of the call.
    mutating func withBatch<R>(_ body: (LogBatch) throws -> R) rethrows -> R {
        try bytes.withUnsafeBytes { data in
            var place = 0
            for index in copies.indices {
                copies[index].data.ptr = data.baseAddress.map { $0 + place }
                place += copies[index].data.len
            }
            return try copies.withUnsafeBufferPointer { try body(LogBatch(raw: $0)) }
        }
    }
}
