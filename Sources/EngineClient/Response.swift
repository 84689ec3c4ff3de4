public import EngineWire
import Synchronization

/// An answer whose body is read piece by piece, so that the engine waits for a slow reader.
public final class Response: Sendable {
    private enum Framing { case length(Int), chunk(left: Int), untilEnd, finished }

    public let head: ResponseHead
    private let wire: Wire
    private let framing: Mutex<Framing>
    /// Called once with a connection that may carry the next request.
    private let giveBack: @Sendable (Wire) -> Void

    init(_ head: ResponseHead, _ wire: Wire, hasBody: Bool, giveBack: @escaping @Sendable (Wire) -> Void) {
        self.head = head
        self.wire = wire
        self.giveBack = giveBack
        let framing: Framing =
            if !hasBody || head.status == 204 || head.status == 304 { .finished }
            else if head["transfer-encoding"]?.lowercased().hasSuffix("chunked") == true { .chunk(left: 0) }
            else if let length = head["content-length"].flatMap({ Int($0) }) { length > 0 ? .length(length) : .finished }
            else { .untilEnd }
        self.framing = Mutex(framing)
        if case .finished = framing { finish() }
    }

    /// The next bytes; nil at the end. Blocks until there are some.
    /// - Throws: `.broken` when the body ends too early.
    public func read() throws(ClientError) -> [UInt8]? {
        let framing = self.framing.withLock { $0 }
        switch framing {
        case .finished: return nil
        case .untilEnd: return end(try wire.read())
        case .length(let left):
            let bytes = try some(min(left, 65536))
            advance(bytes.count == left ? .finished : .length(left - bytes.count))
            return bytes
        case .chunk(0):
            let line = try wire.line()
            guard let size = Int(line.prefix { $0 != ";" }, radix: 16), size >= 0 else { throw .broken("malformed chunk in the answer") }
            guard size > 0 else {
                while try !wire.line().isEmpty {}
                advance(.finished)
                return nil
            }
            self.framing.withLock { $0 = .chunk(left: size) }
            return try read()
        case .chunk(let left):
            let bytes = try some(min(left, 65536))
            if bytes.count == left { _ = try wire.line() }
            advance(.chunk(left: left - bytes.count))
            return bytes
        }
    }

    private func some(_ limit: Int) throws(ClientError) -> [UInt8] {
        let bytes = try wire.read(limit)
        guard !bytes.isEmpty else { throw .broken("unexpected EOF") }
        return bytes
    }

    private func end(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.isEmpty else { return bytes }
        framing.withLock { $0 = .finished }
        return nil
    }

    private func advance(_ next: Framing) {
        framing.withLock { $0 = next }
        if case .finished = next { finish() }
    }

    private func finish() { if !head.closes, head.status != 101 { giveBack(wire) } }

    /// The whole body.
    public func collect() throws(ClientError) -> [UInt8] {
        var all: [UInt8] = []
        while let bytes = try read() { all += bytes }
        return all
    }

    /// The body as JSON; an empty one is null.
    public func json() throws(ClientError) -> JSONValue {
        let bytes = try collect()
        if bytes.isEmpty { return .null }
        do { return try JSONValue(parsing: bytes) } catch { throw .broken("malformed JSON in the answer: \(error.description)") }
    }

    /// Gives up on the rest of the body; a thread that waits in `read` returns.
    public func cancel() { wire.interrupt() }
}

extension Wire {
    /// One line without its end.
    func line() throws(ClientError) -> String {
        var line: [UInt8] = []
        while true {
            let bytes = try read(65536)
            guard !bytes.isEmpty else { throw .broken("unexpected EOF") }
            if let end = bytes.firstIndex(of: 0x0a) {
                line += bytes[..<end]
                unread(bytes[(end + 1)...])
                if line.last == 0x0d { line.removeLast() }
                return String(decoding: line, as: UTF8.self)
            }
            line += bytes
            guard line.count < 65536 else { throw .broken("a line of the answer is too long") }
        }
    }

    /// Up to the empty line.
    func responseHead() throws(ClientError) -> ResponseHead {
        while true {
            var text = ""
            while true {
                let line = try line()
                if line.isEmpty { break }
                text += line + "\r\n"
                guard text.utf8.count < 1 << 20 else { throw .broken("the answer's head is too long") }
            }
            let head = try ResponseHead(parsing: text)
            if head.status != 100 { return head }
        }
    }
}
