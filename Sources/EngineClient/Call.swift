public import EngineWire

/// A request of the engine's HTTP interface.
public struct Call: Sendable {
    public enum Body: Sendable {
        case none
        case json(JSONValue)
        /// A stream whose length nobody knows: nil ends it.
        case stream(@Sendable () throws -> [UInt8]?)
    }

    public var method: String
    /// Without the version: "/containers/json".
    public var path: String
    public var query: [(String, String)]
    public var body: Body
    /// The connection becomes a plain stream in both directions.
    public var upgrades = false

    public init(_ method: String, _ path: String, _ query: [(String, String)] = [], body: Body = .none) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
    }

    /// Head and, for JSON, body: one write.
    func encoded(version: String, host: String) -> [UInt8] {
        var target = "/v\(version)\(path)"
        for (index, item) in query.enumerated() {
            target += "\(index == 0 ? "?" : "&")\(Self.escape(item.0))=\(Self.escape(item.1))"
        }
        var text = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: gantry\r\n"
        if upgrades { text += "Connection: Upgrade\r\nUpgrade: tcp\r\n" }
        switch body {
        case .none:
            if method == "POST" { text += "Content-Length: 0\r\n" }
        case .json(let value):
            let bytes = value.encoded()
            text += "Content-Type: application/json\r\nContent-Length: \(bytes.count)\r\n\r\n"
            return Array(text.utf8) + bytes
        case .stream:
            text += "Content-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n"
        }
        return Array((text + "\r\n").utf8)
    }

    /// RFC 3986, 2.3: letters, digits and "-._~" stay, and what `keeping` says.
    public static func escape(_ text: String, keeping extra: String = "") -> String {
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: out.append(byte)
            case _ where extra.utf8.contains(byte): out.append(byte)
            default: out += Array("%\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))".utf8)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
