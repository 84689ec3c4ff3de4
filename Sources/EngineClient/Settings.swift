import Glibc

/// How to reach the engine: from flags first, then the environment.
public struct Settings: Sendable {
    /// Files of TLS; all in PEM.
    public struct TLS: Sendable {
        public var authority: String?
        public var certificate: String?
        public var key: String?
        /// Off: the server may be anybody.
        public var verifies: Bool

        public init(authority: String?, certificate: String?, key: String?, verifies: Bool) {
            self.authority = authority
            self.certificate = certificate
            self.key = key
            self.verifies = verifies
        }
    }

    public var host: Host
    public var tls: TLS?
    /// "1.47": spoken without asking. nil: the newest that both sides know.
    public var fixedVersion: String?

    public init(host: Host, tls: TLS? = nil, fixedVersion: String? = nil) {
        self.host = host
        self.tls = tls
        self.fixedVersion = fixedVersion
    }

    /// GANTRY_HOST before DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH, DOCKER_API_VERSION.
    /// - Parameter host: what the user asked for, before all others.
    public init(host asked: String? = nil, tls: TLS? = nil, environment: (String) -> String? = Self.variable) throws(ClientError) {
        var tls = tls
        if tls == nil, let verify = environment("DOCKER_TLS_VERIFY"), !verify.isEmpty {
            tls = Self.certificates(in: environment("DOCKER_CERT_PATH"), environment: environment)
        }
        let text = [asked, environment("GANTRY_HOST"), environment("DOCKER_HOST")].compactMap { $0 }.first { !$0.isEmpty }
        let host = try text.map { text throws(ClientError) in try Host(text, usesTLS: tls != nil) } ?? .standard
        if case .unix = host { tls = nil }
        self.init(host: host, tls: tls, fixedVersion: environment("DOCKER_API_VERSION").flatMap { $0.isEmpty ? nil : $0 })
    }

    /// ca.pem, cert.pem and key.pem of a folder; those that exist.
    public static func certificates(
        in folder: String?, verifies: Bool = true, environment: (String) -> String? = Self.variable
    ) -> TLS {
        let folder = folder.flatMap { $0.isEmpty ? nil : $0 } ?? "\(environment("HOME") ?? "/root")/.docker"
        func file(_ name: String) -> String? { access("\(folder)/\(name)", R_OK) == 0 ? "\(folder)/\(name)" : nil }
        return TLS(authority: file("ca.pem"), certificate: file("cert.pem"), key: file("key.pem"), verifies: verifies)
    }

    public static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
