public import EngineWire
import Synchronization

/// Speaks to an engine, Gantry's or Docker's. Every call blocks its thread; threads may call at the same time.
public final class Engine: Sendable {
    public let endpoint: Endpoint
    /// Of the interface: "1.47".
    public let version: String
    private let idle = Mutex<[Connection]>([])

    public init(_ endpoint: Endpoint, version: String = "1.47") {
        self.endpoint = endpoint
        self.version = version
    }

    /// Sends a call and reads the head of its answer. A connection that is free again carries the next call.
    /// - Throws: `.answer` for any status of 400 and above.
    public func send(_ call: Call) throws(EngineFailure) -> Answer {
        let connection = if let free = idleConnection() { free } else { try Connection.dial(endpoint) }
        try write(call, to: connection)
        let answer = try Answer(connection, method: call.method) { [weak self] free in
            self?.idle.withLock { $0.append(free) }
        }
        guard answer.status < 400 else {
            let refusal = try Self.refusal(answer)
            throw refusal
        }
        return answer
    }

    private func write(_ call: Call, to connection: Connection) throws(EngineFailure) {
        try connection.write(call.encoded(version: version, host: hostHeader))
        guard case .stream(let next) = call.body else { return }
        do {
            while let bytes = try next() {
                guard !bytes.isEmpty else { continue }
                try connection.write(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [0x0d, 0x0a])
            }
            try connection.write(Array("0\r\n\r\n".utf8))
        } catch EngineFailure.broken {
            // An engine that refuses the body has answered and closed: its answer says more than the broken pipe.
        } catch {
            throw .broken("\(error)")
        }
    }

    private static func refusal(_ answer: Answer) throws(EngineFailure) -> EngineFailure {
        let bytes = try answer.bytes()
        let message = (try? JSONValue(parsing: bytes))?["message"].string ?? ""
        var text = message.isEmpty ? String(decoding: bytes, as: UTF8.self) : message
        while text.last?.isNewline == true { text.removeLast() }
        return .answer(status: answer.status, message: text.isEmpty ? "status \(answer.status)" : text)
    }

    private func idleConnection() -> Connection? {
        while let connection = idle.withLock({ $0.popLast() }) {
            if !connection.isStale { return connection }
        }
        return nil
    }

    private var hostHeader: String {
        if case .tcp(let host, let port) = endpoint.address { "\(host.contains(":") ? "[\(host)]" : host):\(port)" } else { "localhost" }
    }
}

extension Engine {
    public func get(_ path: String, _ query: [(String, String)] = []) throws(EngineFailure) -> JSONValue {
        try send(Call("GET", path, query)).json()
    }

    public func post(_ path: String, _ query: [(String, String)] = [], _ body: JSONValue? = nil) throws(EngineFailure) -> JSONValue {
        try send(Call("POST", path, query, body: body.map { .json($0) } ?? .none)).json()
    }

    public func delete(_ path: String, _ query: [(String, String)] = []) throws(EngineFailure) -> JSONValue {
        try send(Call("DELETE", path, query)).json()
    }

    /// An upgrade: the connection is the caller's from here on, with what came early still to be read from it.
    public func hijack(_ path: String, _ query: [(String, String)] = [], _ body: JSONValue? = nil) throws(EngineFailure) -> Connection {
        var call = Call("POST", path, query, body: body.map { .json($0) } ?? .none)
        call.upgrades = true
        let answer = try send(call)
        guard answer.status == 101 || answer.status == 200 else { throw .broken("unable to upgrade to tcp, received \(answer.status)") }
        return answer.connection
    }
}
