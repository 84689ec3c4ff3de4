import EngineErrors
import NIOHTTP1

/// A request whose head has arrived.
struct Request: Sendable {
    let method: HTTPMethod
    /// Without the version and the query, still percent-encoded.
    let path: String
    /// Of the path's prefix; the newest without one.
    let version: APIVersion
    let query: Query
    let headers: HTTPHeaders
    let body: RequestBody

    init(_ head: HTTPRequestHead, _ body: RequestBody) {
        method = head.method
        headers = head.headers
        self.body = body
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        query = Query(parts.count > 1 ? String(parts[1]) : "")
        let whole = Self.withoutAuthority(parts[0])
        let first = whole.dropFirst().prefix { $0 != "/" }
        if let version = APIVersion(prefix: first) {
            self.version = version
            path = String(whole.dropFirst(1 + first.count))
        } else {
            version = .maximum
            path = String(whole)
        }
    }

    /// Clients behind a proxy send the whole address (RFC 9112, absolute-form).
    private static func withoutAuthority(_ target: Substring) -> Substring {
        guard let scheme = ["http://", "https://"].first(where: { target.lowercased().hasPrefix($0) }) else { return target }
        let path = target.dropFirst(scheme.count).drop { $0 != "/" }
        return path.isEmpty ? "/" : path
    }
}

/// The part behind "?".
struct Query: Sendable {
    private let pairs: [(name: String, value: String)]

    init(_ text: String) {
        pairs = text.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { Percent.decode($0.map { $0 == "+" ? " " : String($0) }.joined()) }
            return (parts[0], parts.count > 1 ? parts[1] : "")
        }
    }

    /// The first value; nil: not said.
    subscript(_ name: String) -> String? { pairs.first { $0.name == name }?.value }
    func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    /// Docker's idea of truth: anything but "", "0", "no", "false" and "none".
    func flag(_ name: String) -> Bool {
        let value = (self[name] ?? "").lowercased()
        return !["", "0", "no", "false", "none"].contains(value)
    }

    func integer(_ name: String) throws(EngineError) -> Int? {
        guard let text = self[name], !text.isEmpty else { return nil }
        guard let number = Int(text) else { throw EngineError(.invalidArgument, "invalid value for \"\(name)\": \"\(text)\" is no whole number") }
        return number
    }
}
