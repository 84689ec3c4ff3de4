public import EngineWire

/// Calls about networks, volumes, drivers and the engine itself.
extension EngineClient {
    public func networks(filters: [String: [String]] = [:]) throws(ClientError) -> [JSONValue] {
        try get("/networks", Self.filterQuery(filters)).array
    }

    public func network(_ id: String, verbose: Bool = false) throws(ClientError) -> JSONValue {
        try get("/networks/\(Request.escape(id))", verbose ? [("verbose", "true")] : [])
    }

    public func createNetwork(_ body: JSONValue) throws(ClientError) -> JSONValue { try post("/networks/create", [], body) }

    public func removeNetwork(_ id: String) throws(ClientError) {
        _ = try send(Request("DELETE", "/networks/\(Request.escape(id))")).collect()
    }

    public func volumes(filters: [String: [String]] = [:]) throws(ClientError) -> [JSONValue] {
        try get("/volumes", Self.filterQuery(filters))["Volumes"].array
    }

    public func volume(_ name: String) throws(ClientError) -> JSONValue { try get("/volumes/\(Request.escape(name))") }
    public func createVolume(_ body: JSONValue) throws(ClientError) -> JSONValue { try post("/volumes/create", [], body) }

    public func removeVolume(_ name: String, force: Bool = false) throws(ClientError) {
        _ = try send(Request("DELETE", "/volumes/\(Request.escape(name))", query: force ? [("force", "1")] : [])).collect()
    }

    public func pruneVolumes(filters: [String: [String]]) throws(ClientError) -> JSONValue {
        try post("/volumes/prune", Self.filterQuery(filters))
    }

    public func serverVersion() throws(ClientError) -> JSONValue { try get("/version") }
    public func information() throws(ClientError) -> JSONValue { try get("/info") }

    /// Gantry's own: the drivers that the daemon has found.
    public func drivers() throws(ClientError) -> [JSONValue] {
        let answer = try get("/gantry/drivers")
        return answer.array.isEmpty ? answer["Drivers"].array : answer.array
    }

    /// JSON values one after the other, as things happen.
    public func events(query: [(String, String)]) throws(ClientError) -> Response {
        try send(Request("GET", "/events", query: query))
    }

    // MARK: the shapes of a call

    func get(_ path: String, _ query: [(String, String)] = []) throws(ClientError) -> JSONValue {
        try send(Request("GET", path, query: query)).json()
    }

    func post(_ path: String, _ query: [(String, String)] = [], _ body: JSONValue? = nil) throws(ClientError) -> JSONValue {
        try send(Request("POST", path, query: query, body: body.map { .json($0) } ?? .none)).json()
    }

    /// Filters as the engine reads them: {"label":{"a=b":true}}, which every version knows.
    public static func filterQuery(_ filters: [String: [String]]) -> [(String, String)] {
        guard !filters.isEmpty else { return [] }
        let members = filters.sorted { $0.key < $1.key }.map { name, values in
            JSONValue.Member(key: name, value: .object(values.map { .init(key: $0, value: true) }))
        }
        return [("filters", JSONValue.object(members).text)]
    }
}
