/// A place to listen on, as `--host` names it.
enum ListenAddress: Sendable, Equatable {
    case unix(String)
    /// "" : every address.
    case tcp(host: String, port: Int)
    /// Sockets that the service manager opened: "" or "*": all, else a name or the number of a descriptor.
    case inherited(String)

    init(_ text: String, usesTLS: Bool) throws(ConfigurationError) {
        if let rest = Self.after("unix://", text) {
            let path = rest.isEmpty ? DaemonConfiguration.defaultSocket : rest
            // sun_path has room for 107 bytes and a zero, and a socket is made in a folder "PATH.new" first.
            guard path.hasPrefix("/"), path.utf8.count <= 101 else {
                throw ConfigurationError("the socket \"\(text)\" must be an absolute path of at most 101 bytes")
            }
            self = .unix(path)
        } else if let rest = Self.after("tcp://", text) {
            self = try Self.tcp(rest, text, usesTLS ? 2376 : 2375)
        } else if let rest = Self.after("fd://", text) {
            self = .inherited(rest)
        } else {
            throw ConfigurationError("the host \"\(text)\" can't be understood: it must be unix:///path, tcp://address:port or fd://")
        }
    }

    private static func after(_ prefix: String, _ text: String) -> String? {
        text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil
    }

    private static func tcp(_ rest: String, _ text: String, _ defaultPort: Int) throws(ConfigurationError) -> ListenAddress {
        let rest = rest.hasSuffix("/") ? rest.dropLast() : rest[...]
        if rest.isEmpty { return .tcp(host: "127.0.0.1", port: defaultPort) }
        var host = rest
        var port: Substring?
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { throw malformed(text) }
            host = rest[rest.index(after: rest.startIndex)..<end]
            let tail = rest[rest.index(after: end)...]
            guard tail.isEmpty || tail.hasPrefix(":") else { throw malformed(text) }
            port = tail.isEmpty ? nil : tail.dropFirst()
        } else if let colon = rest.lastIndex(of: ":") {
            host = rest[..<colon]
            port = rest[rest.index(after: colon)...]
            if host.contains(":") { throw malformed(text) }
        }
        guard !host.contains("/") else { throw malformed(text) }
        guard let port else { return .tcp(host: String(host), port: defaultPort) }
        guard let number = Int(port), (0...65535).contains(number) else { throw malformed(text) }
        return .tcp(host: String(host), port: number)
    }

    private static func malformed(_ text: String) -> ConfigurationError {
        ConfigurationError("the host \"\(text)\" can't be understood: it must be tcp://address:port, an IPv6 address in brackets")
    }
}
