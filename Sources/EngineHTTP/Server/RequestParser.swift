import NIOCore
import NIOHTTP1

/// The requests of one connection, strictly one after the other: a state machine without I/O.
///
/// Nothing behind the current request is looked at until that request is finished, because what follows may be another
/// request, or the standard input of a container when the answer takes the connection over. NIO's decoder reads ahead.
struct RequestParser: ~Copyable {
    /// Of a request line with its header fields, bytes.
    static let headLimit = 64 << 10

    private var unread = ByteBuffer()
    /// How much of `unread` is known to hold no end of a head.
    private var searched = 0
    private var body: BodyFraming?

    /// Bytes that arrived and were not handed on.
    var unreadBytes: Int { unread.readableBytes }

    mutating func receive(_ bytes: ByteBuffer) {
        guard unread.readableBytes > 0 else {
            unread = bytes
            return
        }
        unread.discardReadBytes()
        unread.writeImmutableBuffer(bytes)
    }

    /// The head of the next request; nil when not all of it is here.
    mutating func nextHead() throws(MalformedRequest) -> RequestHead? {
        skipEmptyLines()
        guard let end = try endOfHead() else { return nil }
        let head = try parse(upTo: end)
        unread.moveReaderIndex(forwardBy: end + 4)
        searched = 0
        body = try BodyFraming(for: head)
        return head
    }

    /// The next part of the current request's body.
    mutating func nextBodyPart() throws(MalformedRequest) -> BodyFraming.Part {
        try body?.next(&unread) ?? .end
    }

    var bodyIsFinished: Bool { body?.isFinished ?? true }

    /// Bytes of the body still to be handed on; nil: the client did not say.
    var bodyRemaining: Int? { if let body { body.remaining } else { 0 } }

    /// What follows the current request, when it is no HTTP any more.
    mutating func takeUnread() -> ByteBuffer {
        defer { discardUnread() }
        return unread
    }

    mutating func discardUnread() {
        unread = ByteBuffer()
        searched = 0
    }

    /// Some clients end a body with an empty line of their own (RFC 9112, 2.2).
    private mutating func skipEmptyLines() {
        guard searched == 0 else { return }
        while let byte = unread.getInteger(at: unread.readerIndex, as: UInt8.self), byte == 0x0d || byte == 0x0a { unread.moveReaderIndex(forwardBy: 1) }
    }

    private mutating func endOfHead() throws(MalformedRequest) -> Int? {
        let found = unread.withUnsafeReadableBytes { bytes in
            let bytes = bytes.prefix(Self.headLimit)
            var place = max(3, searched)
            while place < bytes.count {
                if bytes[place] == 0x0a, bytes[place - 1] == 0x0d, bytes[place - 2] == 0x0a, bytes[place - 3] == 0x0d { return place - 3 }
                place += 1
            }
            return nil as Int?
        }
        guard found == nil else { return found }
        guard unread.readableBytes < Self.headLimit else {
            throw MalformedRequest("request header is too large: at most 64 KiB", status: .requestHeaderFieldsTooLarge)
        }
        searched = unread.readableBytes
        return nil
    }

    private func parse(upTo end: Int) throws(MalformedRequest) -> RequestHead {
        let result = unread.withUnsafeReadableBytes { bytes in
            Result { () throws(MalformedRequest) in try RequestHead(parsing: UnsafeRawBufferPointer(rebasing: bytes[..<end])) }
        }
        return try result.get()
    }
}
