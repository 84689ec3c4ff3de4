public import CDriverABI

/// One log line; a view that is valid only during the call it was passed to.
public struct LogLine {
    public var raw: gantry_log_line
    @inlinable public init(raw: gantry_log_line) { self.raw = raw }
    /// Without the newline.
    @inlinable public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: raw.data.ptr, count: raw.data.len) }
    /// ns since 1970.
    @inlinable public var time: Int64 { raw.time_ns }
    @inlinable public var isStderr: Bool { raw.stream == UInt16(GANTRY_STREAM_STDERR) }
    /// The line goes on in the next record of its stream.
    @inlinable public var isPartial: Bool { raw.flags & UInt16(GANTRY_LINE_PARTIAL) != 0 }
    /// Reading: where to go on after this line.
    @inlinable public var next: LogCursor { LogCursor(epoch: raw.next.epoch, offset: raw.next.offset) }
}

/// Lines of one call; valid only during that call.
public struct LogBatch: RandomAccessCollection {
    public let raw: UnsafeBufferPointer<gantry_log_line>
    @inlinable public init(raw: UnsafeBufferPointer<gantry_log_line>) { self.raw = raw }
    @inlinable public var startIndex: Int { 0 }
    @inlinable public var endIndex: Int { raw.count }
    @inlinable public subscript(index: Int) -> LogLine { LogLine(raw: raw[index]) }
}
