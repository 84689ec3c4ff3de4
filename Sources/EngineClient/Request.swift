public import EngineWire

/// A request of the engine's HTTP interface.
public struct Request: Sendable {
    public enum Body: Sendable {
        case none
        case json(JSONValue)
        /// A stream of unknown length, sent in chunks as the engine takes them; nil ends it.
        case stream(type: String, @Sendable () throws -> [UInt8]?)
    }

    public var method: String
    /// Without the version: "/containers/json".
    public var path: String
    public var query: [(String, String)]
    public var headers: [(String, String)] = []
    public var body: Body

    public init(_ method: String, _ path: String, query: [(String, String)] = [], body: Body = .none) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
    }

    /// The head as it goes over the wire.
    func head(version: String?, host: String, upgrades: Bool) -> String {
        var target = (version.map { "/v\($0)" } ?? "") + path
        for (index, item) in query.enumerated() {
            target += "\(index == 0 ? "?" : "&")\(Self.escape(item.0))=\(Self.escape(item.1))"
        }
        var text = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: Gantry-Client\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if upgrades { text += "Connection: Upgrade\r\nUpgrade: tcp\r\n" }
        switch body {
        case .none where method == "POST": text += "Content-Length: 0\r\n"
        case .none: break
        case .json(let value): text += "Content-Type: application/json\r\nContent-Length: \(value.encoded().count)\r\n"
        case .stream(let type, _): text += "Content-Type: \(type)\r\nTransfer-Encoding: chunked\r\n"
        }
        return text + "\r\n"
    }

    /// RFC 3986: all but letters, digits and "-._~" as %XX.
    public static func escape(_ text: String, keeping extra: String = "") -> String {
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                out.append(byte)
            case _ where extra.utf8.contains(byte): out.append(byte)
            default: out += "%\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))".utf8
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
