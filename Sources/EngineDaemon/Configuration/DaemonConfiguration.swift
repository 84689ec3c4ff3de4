import EngineModel

/// Everything that flags and the configuration file can set, with its defaults.
struct DaemonConfiguration: Sendable, Equatable {
    static let defaultFile = "/etc/gantry/gantryd.json"
    static let defaultSocket = "/run/gantry/gantry.sock"

    var hosts: [String] = []
    var dataRoot = "/var/lib/gantry"
    var execRoot = "/run/gantry"
    /// Empty: `gantryd.pid` in the exec root.
    var pidfile = ""
    var debug = false
    var logLevel = "info"
    /// "text" or "json".
    var logFormat = "text"
    /// Empty: no address of its own.
    var metricsAddress = ""
    /// Empty: "docker" or "gantry", whichever group exists, else root.
    var group = ""

    var storageDriver = "overlayfs"
    var storageOptions: [String] = []
    var logDriver = "json-file"
    var logOptions: [String: String] = [:]
    var driverDirectories: [String] = []
    /// As "kind/name": loaded into the daemon as those of this release are.
    var trustedDrivers: [String] = []
    /// By "kind/name": "false", or a process of its own.
    var isolatedDrivers: [String: String] = [:]

    var bip = ""
    var bridge = ""
    /// Bytes; 0: the driver's choice.
    var mtu = 0

    var registryMirrors: [String] = []
    var insecureRegistries: [String] = []

    var defaultUlimits: [String: Ulimit] = [:]
    /// Bytes.
    var defaultShmSize: Int64 = 64 << 20
    var usesInit = false
    var cgroupParent = ""
    var labels: [String] = []

    var tls = false
    var tlsVerify = false
    var tlsCA = ""
    var tlsCertificate = ""
    var tlsKey = ""

    /// Seconds; -1: wait for ever.
    var shutdownTimeout = 15

    var usesTLS: Bool { tls || tlsVerify }
    var effectivePidfile: String { pidfile.isEmpty ? "\(execRoot)/gantryd.pid" : pidfile }
    var effectiveHosts: [String] { hosts.isEmpty ? ["unix://\(Self.defaultSocket)"] : hosts }
}
