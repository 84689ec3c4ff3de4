public import EngineWire
import Synchronization

/// An answer whose body is read piece by piece: the engine waits for a slow reader.
public final class Answer: Sendable {
    private enum Framing { case length(Int), chunk(left: Int), untilEnd, finished }

    public let status: Int
    /// Names in lower case.
    let headers: [String: String]
    public let connection: Connection
    private let framing: Mutex<Framing>
    /// Takes a connection that may carry the next request.
    private let keep: @Sendable (Connection) -> Void

    init(_ connection: Connection, method: String, keep: @escaping @Sendable (Connection) -> Void) throws(EngineFailure) {
        let (status, headers) = try Self.head(connection)
        self.status = status
        self.headers = headers
        self.connection = connection
        self.keep = keep
        let bare = method == "HEAD" || status == 204 || status == 304
        let framing: Framing =
            if status == 101 { .untilEnd } else if bare { .finished } else if headers["transfer-encoding"]?.lowercased().hasSuffix("chunked") == true {
                .chunk(left: 0)
            } else if let length = headers["content-length"].flatMap({ Int($0) }) { length > 0 ? .length(length) : .finished } else { .untilEnd }
        self.framing = Mutex(framing)
        if case .finished = framing { release() }
    }

    private static func head(_ connection: Connection) throws(EngineFailure) -> (Int, [String: String]) {
        while true {
            let first = try connection.line()
            let parts = first.split(separator: " ", maxSplits: 2)
            guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else {
                throw .broken("the answer is no HTTP: \(first.prefix(60))")
            }
            var headers: [String: String] = [:]
            while true {
                let line = try connection.line()
                guard !line.isEmpty, headers.count < 1000 else { break }
                guard let colon = line.firstIndex(of: ":") else { continue }
                headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
            }
            if status != 100 { return (status, headers) }
        }
    }

    /// The next bytes of the body; nil at its end. Blocks.
    /// - Throws: `.broken` when it ends too early.
    public func read() throws(EngineFailure) -> [UInt8]? {
        switch framing.withLock({ $0 }) {
        case .finished: return nil
        case .untilEnd:
            let bytes = try connection.read()
            return bytes.isEmpty ? nil : bytes
        case .length(let left):
            let bytes = try part(of: left)
            move(to: bytes.count == left ? .finished : .length(left - bytes.count))
            return bytes
        case .chunk(left: 0):
            guard let size = Int(try connection.line().prefix { $0 != ";" }, radix: 16), size >= 0 else {
                throw .broken("a chunk of the answer has no size")
            }
            guard size > 0 else {
                while try !connection.line().isEmpty {}
                move(to: .finished)
                return nil
            }
            move(to: .chunk(left: size))
            return try read()
        case .chunk(let left):
            let bytes = try part(of: left)
            if bytes.count == left { _ = try connection.line() }
            move(to: .chunk(left: left - bytes.count))
            return bytes
        }
    }

    private func part(of left: Int) throws(EngineFailure) -> [UInt8] {
        let bytes = try connection.read(min(left, 65536))
        guard !bytes.isEmpty else { throw .broken("unexpected EOF") }
        return bytes
    }

    private func move(to next: Framing) {
        framing.withLock { $0 = next }
        if case .finished = next { release() }
    }

    private func release() {
        if headers["connection"]?.lowercased() != "close" { keep(connection) }
    }

    /// The rest of the body.
    public func bytes() throws(EngineFailure) -> [UInt8] {
        var all: [UInt8] = []
        while let more = try read() { all += more }
        return all
    }

    /// The body as JSON; an empty one is null.
    public func json() throws(EngineFailure) -> JSONValue {
        let bytes = try bytes()
        if bytes.isEmpty { return .null }
        do { return try JSONValue(parsing: bytes) } catch { throw .broken("the answer is no JSON: \(error.description)") }
    }
}
