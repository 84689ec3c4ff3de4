import NIOCore
import NIOHTTP1

/// Where a request's body ends (RFC 9112, 6 and 7): a state machine over the bytes behind a head.
struct BodyFraming: ~Copyable {
    /// What the bytes at hand hold.
    enum Part: Equatable {
        case bytes([UInt8])
        /// Nothing without more from the client.
        case incomplete
        case end
    }

    private enum State {
        /// Bytes still to come.
        case sized(Int)
        case chunkSize
        /// Bytes of the chunk still to come.
        case chunk(Int)
        case chunkEnd
        /// Bytes of trailer fields so far.
        case trailer(Int)
        case end
    }

    /// At most this many bytes are handed on at once.
    private static let portion = 64 << 10
    /// A chunk's size with its extensions.
    private static let sizeLine = 4 << 10
    private static let trailers = 64 << 10

    private var state: State

    init(for head: RequestHead) throws(MalformedRequest) {
        let codings = head.headers["Transfer-Encoding"]
        let lengths = head.headers[canonicalForm: "content-length"]
        guard codings.isEmpty else {
            // Both at once is how a request is smuggled past a proxy (RFC 9112, 6.1).
            guard lengths.isEmpty else { throw MalformedRequest("the request has a Content-Length and a Transfer-Encoding: send one of them") }
            guard head.minorVersion == 1, codings.count == 1, codings[0].lowercased() == "chunked" else {
                throw MalformedRequest("the request's Transfer-Encoding is not supported: send the body chunked or with its length", status: .notImplemented)
            }
            state = .chunkSize
            return
        }
        let length = try Self.length(lengths)
        state = length == 0 ? .end : .sized(length)
    }

    private static func length(_ values: [Substring]) throws(MalformedRequest) -> Int {
        guard let first = values.first else { return 0 }
        guard first.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(first), values.allSatisfy({ $0 == first }) else {
            throw MalformedRequest("the request's Content-Length is malformed: it must be one whole number")
        }
        return length
    }

    var isFinished: Bool { if case .end = state { true } else { false } }

    /// Bytes still to come; nil for a chunked body, which does not say.
    var remaining: Int? {
        switch state {
        case .sized(let count): count
        case .end: 0
        default: nil
        }
    }

    /// Takes the next part of the body off `buffer`.
    mutating func next(_ buffer: inout ByteBuffer) throws(MalformedRequest) -> Part {
        while true {
            switch state {
            case .end: return .end
            case .sized(let count): return take(count, &buffer) { $0 == 0 ? .end : .sized($0) }
            case .chunk(let count): return take(count, &buffer) { $0 == 0 ? .chunkEnd : .chunk($0) }
            case .chunkSize:
                guard let line = try Self.line(&buffer, limit: Self.sizeLine) else { return .incomplete }
                let size = try Self.chunkSize(line)
                state = size == 0 ? .trailer(0) : .chunk(size)
            case .chunkEnd:
                guard let line = try Self.line(&buffer, limit: 0) else { return .incomplete }
                guard line.isEmpty else { throw MalformedRequest("a chunk of the request's body is longer than it says") }
                state = .chunkSize
            case .trailer(let count):
                guard let line = try Self.line(&buffer, limit: Self.trailers - count) else { return .incomplete }
                state = line.isEmpty ? .end : .trailer(count + line.count)
            }
        }
    }

    private mutating func take(_ count: Int, _ buffer: inout ByteBuffer, then next: (Int) -> State) -> Part {
        let size = min(count, buffer.readableBytes, Self.portion)
        guard size > 0, let bytes = buffer.readBytes(length: size) else { return .incomplete }
        state = next(count - size)
        return .bytes(bytes)
    }

    /// A line without its end; nil when its end is not here yet.
    private static func line(_ buffer: inout ByteBuffer, limit: Int) throws(MalformedRequest) -> [UInt8]? {
        let view = buffer.readableBytesView.prefix(limit + 2)
        guard let end = view.firstIndex(of: 0x0a) else {
            guard view.count < limit + 2 else { throw MalformedRequest("the framing of the request's chunked body is malformed or too large") }
            return nil
        }
        guard end > view.startIndex, view[end - 1] == 0x0d, let bytes = buffer.readBytes(length: end - view.startIndex + 1) else {
            throw MalformedRequest("a line in the request's chunked body does not end in CR LF")
        }
        return bytes.dropLast(2)
    }

    /// "1a;name=value": hexadecimal, extensions are ignored.
    private static func chunkSize(_ line: [UInt8]) throws(MalformedRequest) -> Int {
        let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
        let text = String(decoding: digits, as: UTF8.self)
        guard (1...15).contains(digits.count), digits.first != UInt8(ascii: "+"), digits.first != UInt8(ascii: "-"), let size = Int(text, radix: 16) else {
            throw MalformedRequest("a chunk of the request's body has no valid size")
        }
        return size
    }
}
