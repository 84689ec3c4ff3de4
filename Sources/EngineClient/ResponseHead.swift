/// Status line and headers of an answer.
public struct ResponseHead: Sendable, Equatable {
    public var status: Int
    public var reason: String
    /// Names in lower case.
    public var headers: [(name: String, value: String)]

    public static func == (one: ResponseHead, other: ResponseHead) -> Bool {
        one.status == other.status && one.headers.elementsEqual(other.headers) { $0 == $1 }
    }

    public subscript(_ name: String) -> String? { headers.last { $0.name == name }?.value }

    /// - Throws: `.broken` when it is no HTTP/1 answer.
    init(parsing text: String) throws(ClientError) {
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: true)
        let parts = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else {
            throw .broken("the server's answer is no HTTP: \(text.prefix(60))")
        }
        self.status = status
        reason = parts.count > 2 ? String(parts[2]) : ""
        headers = lines.dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        closes = parts[0] == "HTTP/1.0"
        closes = self["connection"].map { $0.lowercased() == "close" } ?? closes
    }

    /// The connection ends with this answer.
    var closes = false
}
