import EngineClient

/// Flags in front of the command: which engine, and how to reach it.
enum GlobalFlags {
    static let flags: [Flag] = [
        Flag("config", nil, .text, "Location of client config files (taken for Docker's sake, not read)"),
        Flag("debug", "D", .bool, "Enable debug mode (taken for Docker's sake)"),
        Flag("host", "H", .text, "Daemon socket to connect to (unix:///path or tcp://host:port)"),
        Flag("log-level", "l", .text, "Set the logging level (taken for Docker's sake)"),
        Flag("tls", nil, .bool, "Use TLS; implied by --tlsverify"),
        Flag("tlscacert", nil, .text, "Trust certs signed only by this CA"),
        Flag("tlscert", nil, .text, "Path to TLS certificate file"),
        Flag("tlskey", nil, .text, "Path to TLS key file"),
        Flag("tlsverify", nil, .bool, "Use TLS and verify the remote"),
        Flag("version", "v", .bool, "Print version information and quit"),
    ]

    /// The engine that flags and environment name: --host, GANTRY_HOST, DOCKER_HOST, or Gantry's own socket.
    static func engine(_ flags: FlagValues) throws(EngineFailure) -> Engine {
        let host = flags.optional("host") ?? environmentVariable("GANTRY_HOST") ?? environmentVariable("DOCKER_HOST") ?? ""
        return Engine(try Endpoint(host, security: security(flags)))
    }

    private static func security(_ flags: FlagValues) -> Endpoint.Security? {
        let verifies = flags.bool("tlsverify") || !(environmentVariable("DOCKER_TLS_VERIFY") ?? "").isEmpty
        guard verifies || flags.bool("tls") else { return nil }
        let folder = environmentVariable("DOCKER_CERT_PATH") ?? (environmentVariable("HOME").map { "\($0)/.docker" } ?? ".")
        return Endpoint.Security(
            authority: flags.optional("tlscacert") ?? (verifies ? "\(folder)/ca.pem" : nil), certificate: flags.optional("tlscert") ?? "\(folder)/cert.pem",
            key: flags.optional("tlskey") ?? "\(folder)/key.pem", verifies: verifies)
    }
}
