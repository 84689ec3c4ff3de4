import EngineErrors
import EngineHTTP

/// The sockets of a configuration, with what has to be said about them.
struct Listeners {
    private(set) var all: [Listener] = []
    /// Of metrics without the API.
    private(set) var metrics: Listener?
    /// For the log and for `info`: ways to become root on this host without a password.
    private(set) var warnings: [String] = []

    /// Removes unix sockets that nobody listens on any more. TCP addresses are taken from now on.
    init(_ configuration: DaemonConfiguration) throws {
        let opened = ServiceManager.takeSockets()
        for host in configuration.effectiveHosts {
            switch try ListenAddress(host, usesTLS: configuration.usesTLS) {
            case .unix(let path):
                try UnixSocketFile.prepare(path)
                all.append(.unix(path: path, mode: 0o660, group: try SocketGroup.id(configuration.group)))
            case .tcp(let host, let port):
                all.append(try .tcp(host: host.isEmpty ? "0.0.0.0" : host, port: port, tls: configuration.tlsFiles))
                warn(host.isEmpty ? "0.0.0.0" : host, port, configuration)
            case .inherited(let name):
                for socket in try Self.inherited(name, opened) {
                    let address = socket.internetAddress
                    all.append(try .inherited(socket.descriptor, tls: address == nil ? nil : configuration.tlsFiles))
                    if let address { warn(address.host, address.port, configuration) }
                }
            }
        }
        try openMetrics(configuration.metricsAddress)
    }

    private mutating func openMetrics(_ text: String) throws {
        if text.isEmpty { return }
        let address = try MetricsAddress(text)
        metrics = try .tcp(host: address.host, port: address.port)
    }

    private mutating func warn(_ host: String, _ port: Int, _ configuration: DaemonConfiguration) {
        if configuration.tlsVerify { return }
        let place = "\(host.contains(":") ? "[\(host)]" : host):\(port)"
        let why = configuration.usesTLS ? "https://\(place) without TLS client verification" : "http://\(place) without encryption"
        warnings.append(
            "API is accessible on \(why): anyone who can reach it is root on this host; use --tlsverify with --tlscacert, --tlscert and --tlskey")
    }

    private static func inherited(_ name: String, _ sockets: [InheritedSocket]) throws(EngineError) -> [InheritedSocket] {
        if sockets.isEmpty {
            throw EngineError(.invalidArgument, "no sockets found via socket activation: make sure the service was started by systemd")
        }
        let found = name.isEmpty || name == "*" ? sockets : sockets.filter { $0.name == name || "\($0.descriptor)" == name }
        if found.isEmpty {
            let names = sockets.map { $0.name.isEmpty ? "\($0.descriptor)" : $0.name }.joined(separator: ", ")
            throw EngineError(.invalidArgument, "no socket fd://\(name) found via socket activation; there is: \(names)")
        }
        if let useless = found.first(where: { !$0.isListening }) {
            throw EngineError(.invalidArgument, "descriptor \(useless.descriptor) from socket activation is no listening socket: give it with ListenStream=")
        }
        return found
    }
}

extension DaemonConfiguration {
    fileprivate var tlsFiles: TLSFiles? {
        guard usesTLS else { return nil }
        return TLSFiles(ca: tlsCA.isEmpty ? nil : tlsCA, certificate: tlsCertificate, key: tlsKey, verify: tlsVerify)
    }
}
