/// Docker's frames: stream (1 stdout, 2 stderr), three zeros, length in network order, bytes.
public enum Frame {
    public static func encode(_ stream: UInt8, _ bytes: some Collection<UInt8>) -> [UInt8] {
        let count = UInt32(bytes.count)
        return [stream, 0, 0, 0, UInt8(count >> 24), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)] + bytes
    }
}

/// Cuts a stream of bytes into frames.
public struct FrameDecoder: Sendable {
    private var buffer: [UInt8] = []
    private var start = 0

    public init() {}

    public mutating func feed(_ bytes: some Collection<UInt8>) {
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer += bytes
    }

    /// The next whole frame, or nil.
    public mutating func next() -> (stream: UInt8, bytes: [UInt8])? {
        guard buffer.count - start >= 8 else { return nil }
        let length = buffer[start + 4..<start + 8].reduce(0) { $0 << 8 | Int($1) }
        guard buffer.count - start >= 8 + length else { return nil }
        defer { start += 8 + length }
        return (buffer[start], Array(buffer[start + 8..<start + 8 + length]))
    }
}
