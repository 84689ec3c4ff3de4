/// Cuts a stream of bytes into messages.
public struct MessageDecoder: Sendable {
    public enum Failure: Error, Sendable { case malformed(String) }

    private var buffer: [UInt8] = []

    public init() {}

    /// Bytes behind the last whole message: what an `attach` connection carries next.
    public var rest: [UInt8] { buffer }

    public mutating func feed(_ bytes: some Collection<UInt8>) { buffer += bytes }

    /// The next whole message, or nil when there is none yet.
    public mutating func next() throws(Failure) -> Message? {
        guard buffer.count >= Message.headerSize else { return nil }
        let length = Int(buffer.integer(at: 0, UInt32.self))
        guard length <= Message.maximumSize else { throw .malformed("a message of \(length) bytes") }
        guard buffer.count >= Message.headerSize + length else { return nil }
        let kind = Message.Kind(rawValue: buffer.integer(at: 4, UInt16.self)) ?? .unknown
        let version = buffer.integer(at: 6, UInt16.self)
        let sequence = buffer.integer(at: 8, UInt32.self)
        let payload = Array(buffer[Message.headerSize..<Message.headerSize + length])
        buffer.removeFirst(Message.headerSize + length)
        return Message(kind, version: version, sequence: sequence, Fields(bytes: payload))
    }
}
