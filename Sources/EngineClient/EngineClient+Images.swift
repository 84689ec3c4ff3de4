public import EngineWire

/// Calls about images.
extension EngineClient {
    public func images(all: Bool = false, digests: Bool = false, filters: [String: [String]] = [:]) throws(ClientError) -> [JSONValue] {
        var query: [(String, String)] = []
        if all { query.append(("all", "1")) }
        if digests { query.append(("digests", "1")) }
        return try get("/images/json", query + Self.filterQuery(filters)).array
    }

    public func image(_ reference: String) throws(ClientError) -> JSONValue { try get("\(Self.path(reference))/json") }
    public func imageHistory(_ reference: String) throws(ClientError) -> [JSONValue] { try get("\(Self.path(reference))/history").array }

    /// - Returns: a list of {"Untagged": …} and {"Deleted": …}.
    public func removeImage(_ reference: String, force: Bool = false, prune: Bool = true) throws(ClientError) -> [JSONValue] {
        let query = (force ? [("force", "1")] : []) + (prune ? [] : [("noprune", "1")])
        return try send(Request("DELETE", Self.path(reference), query: query)).json().array
    }

    public func tagImage(_ reference: String, repository: String, tag: String) throws(ClientError) {
        _ = try post("\(Self.path(reference))/tag", [("repo", repository), ("tag", tag)])
    }

    /// A stream of JSON messages.
    public func pullImage(_ repository: String, tag: String, platform: String = "") throws(ClientError) -> Response {
        let query = [("fromImage", repository), ("tag", tag)] + (platform.isEmpty ? [] : [("platform", platform)])
        return try send(Request("POST", "/images/create", query: query))
    }

    /// A tar archive of a root file system; a stream of JSON messages comes back.
    public func importImage(query: [(String, String)], body: Request.Body) throws(ClientError) -> Response {
        try send(Request("POST", "/images/create", query: query, body: body))
    }

    public func loadImages(quiet: Bool, _ body: Request.Body) throws(ClientError) -> Response {
        try send(Request("POST", "/images/load", query: [("quiet", quiet ? "1" : "0")], body: body))
    }

    /// A tar archive.
    public func saveImages(_ references: [String]) throws(ClientError) -> Response {
        try send(Request("GET", "/images/get", query: references.map { ("names", $0) }))
    }

    public func pruneImages(filters: [String: [String]]) throws(ClientError) -> JSONValue {
        try post("/images/prune", Self.filterQuery(filters))
    }

    private static func path(_ reference: String) -> String { "/images/\(Request.escape(reference, keeping: "/:@"))" }
}
