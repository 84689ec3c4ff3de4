/// Where an engine listens, and how to be sure of it.
public struct Endpoint: Sendable, Equatable {
    public enum Address: Sendable, Equatable {
        case unix(path: String)
        case tcp(host: String, port: UInt16)
    }

    /// Files of TLS, in PEM; nil: the system's authorities, no certificate of our own.
    public struct Security: Sendable, Equatable {
        public var authority: String?
        public var certificate: String?
        public var key: String?
        /// False: the server's certificate is not looked at.
        public var verifies: Bool

        public init(authority: String?, certificate: String?, key: String?, verifies: Bool) {
            self.authority = authority
            self.certificate = certificate
            self.key = key
            self.verifies = verifies
        }
    }

    public static let standardSocket = "/run/gantry/gantry.sock"

    public var address: Address
    public var security: Security?

    /// - Parameter text: "unix:///path", "tcp://host:port" or "host:port"; empty: Gantry's own socket.
    /// - Throws: `.endpoint` with the text that is no address.
    public init(_ text: String, security: Security? = nil) throws(EngineFailure) {
        self.security = security
        if text.isEmpty {
            address = .unix(path: Self.standardSocket)
        } else if text.hasPrefix("unix://") {
            let path = String(text.dropFirst(7))
            address = .unix(path: path.isEmpty ? Self.standardSocket : path)
        } else {
            address = try Self.network(text, standardPort: security == nil ? 2375 : 2376)
        }
        if case .unix = address { self.security = nil }
    }

    private static func network(_ text: String, standardPort: UInt16) throws(EngineFailure) -> Address {
        var rest = text[...]
        for scheme in ["tcp://", "http://", "https://"] where text.hasPrefix(scheme) { rest = text.dropFirst(scheme.count) }
        rest = rest.prefix { $0 != "/" }
        guard !rest.isEmpty, !text.hasPrefix("ssh://"), !text.hasPrefix("fd://"), !text.hasPrefix("npipe://") else {
            throw .endpoint("unable to parse docker host `\(text)`: use unix:///path or tcp://host:port")
        }
        var port = standardPort
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("]") {
            guard let number = UInt16(rest[rest.index(after: colon)...]) else {
                throw .endpoint("unable to parse docker host `\(text)`: its port is no number up to 65535")
            }
            (rest, port) = (rest[..<colon], number)
        }
        if rest.hasPrefix("["), rest.hasSuffix("]") { rest = rest.dropFirst().dropLast() }
        return .tcp(host: rest.isEmpty ? "127.0.0.1" : String(rest), port: port)
    }

    /// As users write it.
    public var description: String {
        switch address {
        case .unix(let path): "unix://\(path)"
        case .tcp(let host, let port): "tcp://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        }
    }
}
