public import EngineWire

/// Calls about containers. `id` is an id, its beginning, or a name.
extension EngineClient {
    public func containers(
        all: Bool = false, limit: Int = 0, size: Bool = false, filters: [String: [String]] = [:]
    ) throws(ClientError) -> [JSONValue] {
        var query: [(String, String)] = []
        if all { query.append(("all", "1")) }
        if limit > 0 { query.append(("limit", String(limit))) }
        if size { query.append(("size", "1")) }
        return try get("/containers/json", query + Self.filterQuery(filters)).array
    }

    /// - Returns: id and warnings.
    public func createContainer(_ body: JSONValue, name: String = "", platform: String = "") throws(ClientError) -> (id: String, warnings: [String]) {
        var query: [(String, String)] = []
        if !name.isEmpty { query.append(("name", name)) }
        if !platform.isEmpty { query.append(("platform", platform)) }
        let answer = try post("/containers/create", query, body)
        return (answer["Id"].string, answer["Warnings"].array.map(\.string))
    }

    public func container(_ id: String, size: Bool = false) throws(ClientError) -> JSONValue {
        try get("/containers/\(Request.escape(id))/json", size ? [("size", "1")] : [])
    }

    public func startContainer(_ id: String) throws(ClientError) { try act(id, "start") }
    public func pauseContainer(_ id: String) throws(ClientError) { try act(id, "pause") }
    public func unpauseContainer(_ id: String) throws(ClientError) { try act(id, "unpause") }
    public func renameContainer(_ id: String, to name: String) throws(ClientError) { try act(id, "rename", [("name", name)]) }
    public func killContainer(_ id: String, signal: String = "") throws(ClientError) {
        try act(id, "kill", signal.isEmpty ? [] : [("signal", signal)])
    }

    /// - Parameter timeout: seconds until the container is killed; nil: its own.
    public func stopContainer(_ id: String, timeout: Int? = nil, signal: String = "") throws(ClientError) {
        try act(id, "stop", Self.stopQuery(timeout, signal))
    }

    public func restartContainer(_ id: String, timeout: Int? = nil, signal: String = "") throws(ClientError) {
        try act(id, "restart", Self.stopQuery(timeout, signal))
    }

    private static func stopQuery(_ timeout: Int?, _ signal: String) -> [(String, String)] {
        (timeout.map { [("t", String($0))] } ?? []) + (signal.isEmpty ? [] : [("signal", signal)])
    }

    public func removeContainer(_ id: String, force: Bool = false, volumes: Bool = false, link: Bool = false) throws(ClientError) {
        var query: [(String, String)] = []
        if force { query.append(("force", "1")) }
        if link { query.append(("link", "1")) }
        if volumes { query.append(("v", "1")) }
        _ = try send(Request("DELETE", "/containers/\(Request.escape(id))", query: query)).collect()
    }

    public func resizeContainer(_ id: String, rows: Int, columns: Int) throws(ClientError) {
        try act(id, "resize", [("h", String(rows)), ("w", String(columns))])
    }

    public func topContainer(_ id: String, arguments: String) throws(ClientError) -> JSONValue {
        try get("/containers/\(Request.escape(id))/top", arguments.isEmpty ? [] : [("ps_args", arguments)])
    }

    /// The log as `attach` streams it: frames, or plain bytes with a terminal.
    public func containerLogs(_ id: String, query: [(String, String)]) throws(ClientError) -> Response {
        try send(Request("GET", "/containers/\(Request.escape(id))/logs", query: query))
    }

    /// The exit status, once `condition` holds: "not-running", "next-exit", "removed".
    public func waitContainer(_ id: String, condition: String = "not-running") throws(ClientError) -> JSONValue {
        try send(Self.waitRequest(id, condition: condition)).json()
    }

    public static func waitRequest(_ id: String, condition: String) -> Request {
        Request("POST", "/containers/\(Request.escape(id))/wait", query: condition.isEmpty ? [] : [("condition", condition)])
    }

    public static func attachRequest(_ id: String, query: [(String, String)]) -> Request {
        Request("POST", "/containers/\(Request.escape(id))/attach", query: query)
    }

    public func pruneContainers(filters: [String: [String]] = [:]) throws(ClientError) -> JSONValue {
        try post("/containers/prune", Self.filterQuery(filters))
    }

    private func act(_ id: String, _ verb: String, _ query: [(String, String)] = []) throws(ClientError) {
        _ = try send(Request("POST", "/containers/\(Request.escape(id))/\(verb)", query: query)).collect()
    }
}

/// Commands inside running containers.
extension EngineClient {
    /// - Returns: the id of the exec.
    public func createExec(_ container: String, _ body: JSONValue) throws(ClientError) -> String {
        try post("/containers/\(Request.escape(container))/exec", [], body)["Id"].string
    }

    public static func execStartRequest(_ id: String, _ body: JSONValue) -> Request {
        Request("POST", "/exec/\(Request.escape(id))/start", body: .json(body))
    }

    public func exec(_ id: String) throws(ClientError) -> JSONValue { try get("/exec/\(Request.escape(id))/json") }

    public func resizeExec(_ id: String, rows: Int, columns: Int) throws(ClientError) {
        _ = try post("/exec/\(Request.escape(id))/resize", [("h", String(rows)), ("w", String(columns))])
    }
}
