import EngineErrors
import EngineWire
import NIOHTTP1

/// Finds the route of a request and turns every error into an answer.
struct Router: RequestHandler {
    typealias Handler = @Sendable (Request, Parameters) async throws -> Response

    /// What a pattern's "{…}" parts matched.
    struct Parameters: Sendable {
        var values: [String] = []
        subscript(_ index: Int) -> String { values[index] }
    }

    private struct Route: Sendable {
        var method: HTTPMethod
        var pattern: String
        var parts: [Substring]
        var handler: Handler
    }

    let counts: RequestCounts

    private var routes: [Route] = []
    init(counts: RequestCounts = RequestCounts()) { self.counts = counts }

    private var immediates: [String: @Sendable () -> JSONValue] = [:]

    /// "/containers/{id}/start"; "{name*}" takes several parts, as names of images have slashes.
    mutating func add(_ method: HTTPMethod, _ pattern: String, _ handler: @escaping Handler) {
        routes.append(Route(method: method, pattern: pattern, parts: pattern.split(separator: "/"), handler: handler))
    }

    /// A GET that must be answered whatever hangs.
    mutating func addImmediate(_ path: String, _ answer: @escaping @Sendable () -> JSONValue) { immediates[path] = answer }

    func immediate(_ request: Request) -> [UInt8]? {
        guard request.method == .GET, let answer = immediates[request.path] else { return nil }
        return answer().encoded() + [0x0a]
    }

    func handle(_ request: Request) async -> Response {
        let path = request.path.split(separator: "/").map { Percent.decode(String($0)) }
        for route in routes where route.method == request.method {
            guard let parameters = Self.match(route.parts, path) else { continue }
            let response: Response
            do { response = try await route.handler(request, parameters) } catch { response = ErrorTable.response(error) }
            counts.add(request.method, route.pattern, response)
            return response
        }
        let unknown = Response.json(["message": "page not found"], status: .notFound)
        // Of methods, too, a client can invent too many.
        counts.add(.GET, "", unknown)
        return unknown
    }

    private static func match(_ pattern: [Substring], _ path: [String]) -> Parameters? {
        var parameters = Parameters(), place = 0
        for (index, part) in pattern.enumerated() {
            if part.hasSuffix("*}") {
                let count = path.count - place - (pattern.count - index - 1)
                guard count >= 1 else { return nil }
                parameters.values.append(path[place..<place + count].joined(separator: "/"))
                place += count
            } else {
                guard place < path.count else { return nil }
                if part.hasPrefix("{") { parameters.values.append(path[place]) } else if part != path[place] { return nil }
                place += 1
            }
        }
        return place == path.count ? parameters : nil
    }
}

enum Percent {
    static func decode(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
        var out: [UInt8] = []
        let bytes = Array(text.utf8)
        var place = 0
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "%"), place + 2 < bytes.count, let byte = UInt8(String(decoding: bytes[place + 1...place + 2], as: UTF8.self), radix: 16) {
                out.append(byte)
                place += 3
            } else {
                out.append(bytes[place])
                place += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}

extension Request {
    /// A JSON body of at most 4 MiB; an empty one is `.null`.
    func json() async throws -> JSONValue {
        let bytes = try await body.collect(limit: 4 << 20)
        guard !bytes.isEmpty else { return .null }
        if let type = headers.first(name: "Content-Type"), !type.hasPrefix("application/json") {
            throw EngineError(.invalidArgument, "unsupported Content-Type header (\(type)): must be 'application/json'")
        }
        do {
            let value = try JSONValue(parsing: bytes)
            guard case .object = value else { throw EngineError(.invalidArgument, "the request's body must be a JSON object") }
            return value
        } catch let error as JSONError {
            throw EngineError(.invalidArgument, "invalid JSON: \(error.description)")
        }
    }

    func requiredJSON() async throws -> JSONValue {
        let value = try await json()
        if value.isNull { throw EngineError(.invalidArgument, "invalid JSON: got EOF while reading request body") }
        return value
    }

    func filters(_ known: Set<String>) throws -> Filters { try Filters(query["filters"], known: known) }
}
