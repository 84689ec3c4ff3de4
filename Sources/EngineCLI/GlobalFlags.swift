import EngineClient
import Glibc

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
        let host = flags.optional("host") ?? variable("GANTRY_HOST") ?? variable("DOCKER_HOST") ?? ""
        return Engine(try Endpoint(host, security: security(flags)), version: variable("DOCKER_API_VERSION") ?? "1.47")
    }

    /// An empty one counts as none, as scripts write `DOCKER_HOST= gantry ps`.
    private static func variable(_ name: String) -> String? {
        environmentVariable(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func security(_ flags: FlagValues) -> Endpoint.Security? {
        let verifies = flags.bool("tlsverify") || variable("DOCKER_TLS_VERIFY") != nil
        guard verifies || flags.bool("tls") else { return nil }
        let folder = variable("DOCKER_CERT_PATH") ?? "\(variable("HOME") ?? "/root")/.docker"
        /// A standard file counts when it is there: a server may ask for no certificate of ours.
        func file(_ flag: String, _ name: String) -> String? {
            flags.optional(flag) ?? (access("\(folder)/\(name)", F_OK) == 0 ? "\(folder)/\(name)" : nil)
        }
        return Endpoint.Security(
            authority: file("tlscacert", "ca.pem"), certificate: file("tlscert", "cert.pem"), key: file("tlskey", "key.pem"), verifies: verifies)
    }
}
