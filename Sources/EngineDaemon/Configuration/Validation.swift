import Glibc
import LinuxSystem

/// Rules that the type of a directive can't say.
enum Validation {
    static func check(_ configuration: DaemonConfiguration) throws(ConfigurationError) {
        for (index, host) in configuration.hosts.enumerated() {
            _ = try ListenAddress(host, usesTLS: configuration.usesTLS)
            if configuration.hosts[..<index].contains(host) { throw ConfigurationError("the host \"\(host)\" is given twice") }
        }
        try checkFolders(configuration)
        if Levels.level(configuration.logLevel) == nil {
            let hint = NearestName.hint(configuration.logLevel, among: Levels.names.map(\.name))
            throw ConfigurationError("invalid logging level: \(configuration.logLevel); it must be one of \(Levels.list)\(hint)")
        }
        if !["text", "json"].contains(configuration.logFormat) {
            throw ConfigurationError("invalid log format: \(configuration.logFormat); it must be text or json\(NearestName.hint(configuration.logFormat, among: ["text", "json"]))")
        }
        if !configuration.metricsAddress.isEmpty { _ = try MetricsAddress(configuration.metricsAddress) }
        try checkNetwork(configuration)
        try checkCgroupParent(configuration.cgroupParent)
        for label in configuration.labels { try checkLabel(label, configuration.labels) }
        for mirror in configuration.registryMirrors { try checkMirror(mirror) }
        for option in configuration.storageOptions where !option.dropFirst().contains("=") {
            throw ConfigurationError("the storage option \"\(option)\" must be NAME=VALUE or DRIVER.NAME=VALUE")
        }
        if !(-1...86_400).contains(configuration.shutdownTimeout) {
            throw ConfigurationError("the shutdown timeout must be -1 (wait for ever) or a number of seconds, at most a day, not \(configuration.shutdownTimeout)")
        }
        if configuration.defaultShmSize <= 0 { throw ConfigurationError("the default size of /dev/shm must be more than 0") }
        try checkTLS(configuration)
    }

    private static func checkFolders(_ configuration: DaemonConfiguration) throws(ConfigurationError) {
        for (name, path) in [("data-root", configuration.dataRoot), ("exec-root", configuration.execRoot), ("pidfile", configuration.effectivePidfile)] where !path.hasPrefix("/") {
            throw ConfigurationError("\(name) must be an absolute path, not \"\(path)\"")
        }
        for path in configuration.driverDirectories where !path.hasPrefix("/") {
            throw ConfigurationError("driver-dir must be an absolute path, not \"\(path)\"")
        }
        for driver in configuration.trustedDrivers + configuration.isolatedDrivers.keys.sorted() where !isDriver(driver) {
            throw ConfigurationError("\"\(driver)\" names no driver: it must be KIND/NAME, as storage/overlayfs")
        }
        for (driver, value) in configuration.isolatedDrivers where !["", "true", "false"].contains(value) {
            throw ConfigurationError("isolated-driver \(driver) must be true or false, not \"\(value)\"")
        }
    }

    private static func checkNetwork(_ configuration: DaemonConfiguration) throws(ConfigurationError) {
        if configuration.mtu != 0 && !(68...65535).contains(configuration.mtu) {
            throw ConfigurationError("invalid default MTU: \(configuration.mtu); it must be 0 (the driver's choice) or from 68 to 65535")
        }
        let bridge = configuration.bridge
        if bridge.utf8.count > 15 || bridge.contains(where: { $0.isWhitespace || "/:".contains($0) }) || [".", ".."].contains(bridge) {
            throw ConfigurationError("\"\(bridge)\" can't be a bridge's name: that has at most 15 bytes, and neither spaces nor slashes nor colons")
        }
        if configuration.bip.isEmpty { return }
        let parts = configuration.bip.split(separator: "/", omittingEmptySubsequences: false)
        var address = in_addr()
        guard parts.count == 2, inet_pton(AF_INET, String(parts[0]), &address) == 1, let length = Int(parts[1]), (1...30).contains(length)
        else { throw ConfigurationError("invalid bip \"\(configuration.bip)\"; it must be an IPv4 address and prefix, as 172.17.0.1/16") }
        let bits = UInt32(bigEndian: address.s_addr), others = UInt32.max >> UInt32(length), first = bits >> 24
        if bits & others == 0 || bits & others == others || !(1...223).contains(first) || first == 127 {
            throw ConfigurationError("invalid bip \"\(configuration.bip)\"; \(parts[0]) is no address that a bridge can have, as 172.17.0.1/16 is")
        }
    }

    /// Below the host's cgroups, and not their root: what lies in it and has no container is removed.
    private static func checkCgroupParent(_ path: String) throws(ConfigurationError) {
        let parts = (path.hasPrefix("/") ? path.dropFirst() : path[...]).split(separator: "/", omittingEmptySubsequences: false)
        if !path.isEmpty && parts.contains(where: { ["", ".", ".."].contains($0) }) {
            throw ConfigurationError("the cgroup parent \"\(path)\" must be the path of a cgroup below the root, without \".\" and \"..\", as \"gantry\"")
        }
    }

    private static func checkLabel(_ label: String, _ all: [String]) throws(ConfigurationError) {
        let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else {
            throw ConfigurationError("invalid label format: \"\(label)\"; it must be key=value")
        }
        if all.contains(where: { $0 != label && $0.hasPrefix("\(parts[0])=") }) {
            throw ConfigurationError("conflict labels for \(parts[0]): it has two values")
        }
    }

    private static func checkMirror(_ mirror: String) throws(ConfigurationError) {
        for scheme in ["https://", "http://"] where mirror.hasPrefix(scheme) {
            let host = mirror.dropFirst(scheme.count)
            if !host.isEmpty && !host.hasPrefix("/") && !host.contains(where: { "@?# ".contains($0) }) { return }
        }
        throw ConfigurationError("invalid mirror: \"\(mirror)\" must be https://host or http://host, with neither a user nor a query")
    }

    private static func checkTLS(_ configuration: DaemonConfiguration) throws(ConfigurationError) {
        guard configuration.usesTLS else { return }
        if configuration.tlsCertificate.isEmpty || configuration.tlsKey.isEmpty {
            throw ConfigurationError("TLS needs a certificate and its key: set --tlscert and --tlskey")
        }
        if configuration.tlsVerify && configuration.tlsCA.isEmpty {
            throw ConfigurationError("--tlsverify needs the certificates that clients must be signed by: set --tlscacert")
        }
        let files = [("--tlscacert", configuration.tlsCA), ("--tlscert", configuration.tlsCertificate), ("--tlskey", configuration.tlsKey)]
        for (flag, path) in files where !path.isEmpty {
            do { _ = try Files.open(path, O_RDONLY) } catch { throw ConfigurationError("the file of \(flag) can't be read: \(error)") }
        }
    }

    private static func isDriver(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && ["storage", "network", "log", "volume"].contains(parts[0]) && !parts[1].isEmpty
    }
}
