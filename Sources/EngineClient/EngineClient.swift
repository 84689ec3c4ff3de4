import EngineWire
import Synchronization

/// Speaks to an engine over its HTTP interface: Gantry's, or Docker's. Every call blocks its thread.
public final class EngineClient: Sendable {
    public let settings: Settings
    private let state: Mutex<State>

    private struct State {
        var version: APIVersion
        /// An answer has said that the engine knows the version.
        var isAgreed: Bool
        var idle: [Wire] = []
    }

    public init(_ settings: Settings) {
        self.settings = settings
        let fixed = settings.fixedVersion.flatMap { APIVersion($0) }
        state = Mutex(State(version: fixed ?? .newest, isAgreed: fixed != nil))
    }

    /// The version spoken now; lower than `APIVersion.newest` after an older engine has answered.
    public var version: APIVersion { state.withLock { $0.version } }

    /// Asks the engine what it speaks, if no answer has said so yet.
    public func agree() throws(ClientError) {
        guard !state.withLock({ $0.isAgreed }) else { return }
        let response = try exchange(Request("HEAD", "/_ping"), prefixed: false)
        _ = learn(response.head)
    }

    /// The first request goes out in our newest version, with no ping before it. An engine that is older says so in
    /// its answer's `Api-Version`, and the request is sent again.
    /// - Throws: `.refused` for any status of 400 and above.
    public func send(_ request: Request) throws(ClientError) -> Response {
        if case .stream = request.body { try agree() }
        let response = try exchange(request)
        if response.head.status == 400, learn(response.head) {
            _ = try response.collect()
            return try checked(try exchange(request))
        }
        _ = learn(response.head)
        return try checked(response)
    }

    /// True when the version had to be lowered.
    private func learn(_ head: ResponseHead) -> Bool {
        guard let theirs = head["api-version"].flatMap({ APIVersion($0) }) else { return false }
        return state.withLock { state in
            guard !state.isAgreed else { return false }
            state.isAgreed = true
            guard theirs < state.version else { return false }
            state.version = theirs
            return true
        }
    }

    private func checked(_ response: Response) throws(ClientError) -> Response {
        guard response.head.status >= 400 else { return response }
        throw Self.refusal(response.head, try response.collect())
    }

    static func refusal(_ head: ResponseHead, _ body: [UInt8]) -> ClientError {
        let text = String(decoding: body, as: UTF8.self)
        let message = (try? JSONValue(parsing: body))?["message"].string ?? ""
        return .refused(status: head.status, message: message.isEmpty ? (text.isEmpty ? head.reason : text.trimmed) : message)
    }
}

// MARK: one exchange

extension EngineClient {
    /// A request that is on its way.
    public struct Pending: Sendable {
        let wire: Wire
        let request: Request
    }

    private func exchange(_ request: Request, prefixed: Bool = true) throws(ClientError) -> Response {
        try answer(try begin(request, prefixed: prefixed))
    }

    /// Sends a request and does not wait for its answer: several can be under way at once, each on a connection of its own.
    public func begin(_ request: Request, upgrades: Bool = false, prefixed: Bool = true) throws(ClientError) -> Pending {
        let wire = try connection()
        let head = request.head(version: prefixed ? version.description : nil, host: hostHeader, upgrades: upgrades)
        do {
            if case .json(let value) = request.body {
                try wire.write(Array(head.utf8) + value.encoded())
            } else {
                try wire.write(head.utf8)
            }
            if case .stream(_, let next) = request.body { try Self.send(next, to: wire) }
        } catch let error as ClientError {
            // An engine that refuses a body early has answered and closed: the answer says more than the broken pipe.
            guard case .broken = error, case .stream = request.body else { throw error }
        } catch {
            throw .broken("\(error)")
        }
        return Pending(wire: wire, request: request)
    }

    private static func send(_ next: () throws -> [UInt8]?, to wire: Wire) throws {
        while let bytes = try next() {
            guard !bytes.isEmpty else { continue }
            try wire.write(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [0x0d, 0x0a])
        }
        try wire.write("0\r\n\r\n".utf8)
    }

    private func answer(_ pending: Pending) throws(ClientError) -> Response {
        let head = try pending.wire.responseHead()
        return Response(head, pending.wire, hasBody: pending.request.method != "HEAD") { [weak self] in self?.keep($0) }
    }

    /// The answer to a request that `begin` sent.
    /// - Throws: `.refused` for any status of 400 and above.
    public func finish(_ pending: Pending) throws(ClientError) -> Response { try checked(try answer(pending)) }

    /// The answer to an upgrade that `begin` sent: from here on the connection is a plain stream in both directions.
    public func finishUpgrade(_ pending: Pending) throws(ClientError) -> Wire {
        let response = try checked(try answer(pending))
        guard response.head.status == 101 || response.head.status == 200 else {
            throw .broken("unable to upgrade to tcp, received \(response.head.status)")
        }
        return pending.wire
    }

    private var hostHeader: String {
        if case .tcp(let host, let port) = settings.host { "\(host.contains(":") ? "[\(host)]" : host):\(port)" } else { "localhost" }
    }

    private func connection() throws(ClientError) -> Wire {
        while let wire = state.withLock({ $0.idle.popLast() }) {
            if !wire.isStale { return wire }
        }
        return try Wire.connect(settings)
    }

    private func keep(_ wire: Wire) { state.withLock { $0.idle.append(wire) } }
}

extension String {
    var trimmed: String {
        var part = self[...]
        while part.last?.isWhitespace == true { part.removeLast() }
        return String(part)
    }
}
