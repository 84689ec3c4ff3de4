/// Every directive, in alphabetical order of the flags.
enum Directives {
    static let all: [Directive] = [
        Directive("bip", .text(\.bip), "Address and prefix of the default bridge, as 172.17.0.1/16"),
        Directive("bridge", short: "b", .text(\.bridge), "Name of the default bridge's interface"),
        Directive("cgroup-parent", .text(\.cgroupParent), "Parent cgroup of all containers"),
        Directive("config-file", .commandText, "Configuration file (default \"\(DaemonConfiguration.defaultFile)\")"),
        Directive("data-root", .text(\.dataRoot), "Folder of everything that lasts (default \"/var/lib/gantry\")"),
        Directive("debug", short: "D", .toggle(\.debug), "Write debug messages"),
        Directive("default-shm-size", .size(\.defaultShmSize), "Size of /dev/shm in containers (default 64MiB)"),
        Directive("default-ulimit", key: "default-ulimits", .ulimits(\.defaultUlimits), "Limits of containers, as nofile=1024:2048"),
        Directive("driver-dir", key: "driver-dirs", .list(\.driverDirectories), "Folder to search for drivers, before the others"),
        Directive("exec-root", .text(\.execRoot), "Folder of what a reboot may clear (default \"/run/gantry\")"),
        Directive("group", short: "G", .text(\.group), "Group of the unix socket (default \"docker\" if it exists, else \"gantry\", else root)"),
        Directive("help", short: "h", .commandToggle, "Print this and quit"),
        Directive("host", short: "H", key: "hosts", .list(\.hosts), "Socket to listen on (default \"unix://\(DaemonConfiguration.defaultSocket)\")"),
        Directive("init", .toggle(\.usesInit), "Run an init in containers that forwards signals and reaps processes"),
        Directive("insecure-registry", key: "insecure-registries", .list(\.insecureRegistries), "Registry to reach without verified TLS"),
        Directive("isolated-driver", key: "isolated-drivers", .pairs(\.isolatedDrivers), "Give a driver processes of its own, as KIND/NAME or KIND/NAME=false"),
        Directive("label", key: "labels", .list(\.labels), "Label of the daemon, as key=value"),
        Directive("log-driver", .text(\.logDriver), "Log driver of containers that ask for none (default \"json-file\")"),
        Directive("log-format", .text(\.logFormat), "Form of the daemon's own log: text or json (default \"text\")"),
        Directive("log-level", short: "l", .text(\.logLevel), "Least level to write: \(Levels.list) (default \"info\")"),
        Directive("log-opt", key: "log-opts", .pairs(\.logOptions), "Option of the default log driver, as max-size=10m"),
        Directive("metrics-addr", .text(\.metricsAddress), "Address for metrics without the API, as 127.0.0.1:9323"),
        Directive("mtu", .number(\.mtu), "MTU of the default bridge, in bytes"),
        Directive("pidfile", short: "p", .text(\.pidfile), "File for the process id (default gantryd.pid in the exec root)"),
        Directive("registry-mirror", key: "registry-mirrors", .list(\.registryMirrors), "Mirror of the default registry, as https://host"),
        Directive("shutdown-timeout", .number(\.shutdownTimeout), "Seconds to wait for requests at the end; -1: for ever (default 15)"),
        Directive("storage-driver", short: "s", .text(\.storageDriver), "Storage driver of new images and containers (default \"overlayfs\")"),
        Directive("storage-opt", key: "storage-opts", .list(\.storageOptions), "Option of a storage driver, as DRIVER.NAME=VALUE"),
        Directive("tls", .toggle(\.tls), "Use TLS on TCP sockets; implied by --tlsverify"),
        Directive("tlscacert", .text(\.tlsCA), "Certificates that clients must be signed by"),
        Directive("tlscert", .text(\.tlsCertificate), "Certificate of the daemon"),
        Directive("tlskey", .text(\.tlsKey), "Key of the daemon's certificate"),
        Directive("tlsverify", .toggle(\.tlsVerify), "Use TLS on TCP sockets and verify the clients"),
        Directive("trusted-driver", key: "trusted-drivers", .list(\.trustedDrivers), "Driver that is loaded into the daemon itself, as KIND/NAME"),
        Directive("validate", .commandToggle, "Check flags and configuration file, and quit"),
        Directive("version", short: "v", .commandToggle, "Print the version and quit"),
    ]

    static let byFlag = Dictionary(uniqueKeysWithValues: all.map { ($0.flag, $0) })
    static let byKey = Dictionary(uniqueKeysWithValues: all.compactMap { directive in directive.key.map { ($0, directive) } })
    static let byShort = Dictionary(uniqueKeysWithValues: all.compactMap { directive in directive.short.map { ($0, directive) } })
}
