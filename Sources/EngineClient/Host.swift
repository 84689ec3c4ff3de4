import Glibc

/// Where an engine listens.
public enum Host: Sendable, Equatable, CustomStringConvertible {
    case unix(path: String)
    case tcp(host: String, port: UInt16)

    /// Gantry's own socket.
    public static let standard = Host.unix(path: "/run/gantry.sock")

    public var description: String {
        switch self {
        case .unix(let path): "unix://\(path)"
        case .tcp(let host, let port): "tcp://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        }
    }

    /// "unix:///path", "tcp://host:port", or "host[:port]", which is TCP.
    /// - Throws: `.badHost`.
    public init(_ text: String, usesTLS: Bool = false) throws(ClientError) {
        guard let separator = text.firstRange(of: "://") else {
            self = try Self.address(text[...], text, usesTLS)
            return
        }
        let rest = text[separator.upperBound...]
        switch text[..<separator.lowerBound] {
        case "unix":
            self = .unix(path: rest.isEmpty ? "/run/gantry.sock" : String(rest))
        case "tcp", "http", "https":
            self = try Self.address(rest, text, usesTLS)
        case let scheme:
            throw .badHost("unable to resolve docker endpoint: \"\(text)\" has the scheme \(scheme); use unix:// or tcp://")
        }
    }

    private static func address(_ text: Substring, _ whole: String, _ usesTLS: Bool) throws(ClientError) -> Host {
        let text = text.prefix { $0 != "/" }
        let standard: UInt16 = usesTLS ? 2376 : 2375
        var host = text, port = standard
        let colon = text.lastIndex(of: ":")
        if let colon, !text[colon...].contains("]") {
            guard let number = UInt16(text[text.index(after: colon)...]) else {
                throw .badHost("unable to resolve docker endpoint: parse \"\(whole)\": invalid port \"\(text[colon...])\" after host")
            }
            (host, port) = (text[..<colon], number)
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return .tcp(host: host.isEmpty ? "127.0.0.1" : String(host), port: port)
    }
}

extension String {
    func firstRange(of part: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) { return start..<index(start, offsetBy: part.count) }
            start = index(after: start)
        }
        return nil
    }
}
