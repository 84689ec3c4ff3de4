public import EngineModel
import Glibc
import LinuxSystem

/// The text of a container's /etc/hosts, /etc/hostname and /etc/resolv.conf.
public struct HostFiles: Sendable, Equatable {
    public let hosts, hostname, resolver: String

    /// The host's own files, which containers' are made from.
    public struct Source: Sendable, Equatable {
        public var hosts, hostname, resolver: String
        public init(hosts: String, hostname: String, resolver: String) {
            self.hosts = hosts
            self.hostname = hostname
            self.resolver = resolver
        }

        /// As they are now. Where systemd-resolved answers on the loopback, the servers that it asks.
        public static var current: Source {
            let resolver = text("/etc/resolv.conf")
            let usesResolved = ResolverFile(resolver).servers == ["127.0.0.53"]
            return Source(hosts: text("/etc/hosts"), hostname: text("/proc/sys/kernel/hostname"), resolver: usesResolved ? text("/run/systemd/resolve/resolv.conf") : resolver)
        }

        private static func text(_ path: String) -> String { (try? Files.read(path)).map { String(decoding: $0, as: UTF8.self) } ?? "" }
    }

    /// - Parameters:
    ///   - endpoint: the container's address; nil: it has none.
    ///   - usesHostNetwork: it shares the host's network, and so the host's names.
    public init(container: ContainerSnapshot, endpoint: EndpointSnapshot?, usesHostNetwork: Bool, source: Source = .current) {
        let own = container.configuration.hostname
        let name = !own.isEmpty ? own : usesHostNetwork ? source.hostname.filter { $0 != "\n" } : String(container.id.prefix(12))
        hostname = name + "\n"
        hosts = Self.hosts(container, name, endpoint, source: usesHostNetwork ? source.hosts : nil)
        resolver = Self.resolver(container.host, source.resolver, usesHostNetwork)
    }

    // MARK: /etc/hosts

    private static let standard = """
        127.0.0.1\tlocalhost
        ::1\tlocalhost ip6-localhost ip6-loopback
        fe00::\tip6-localnet
        ff00::\tip6-mcastprefix
        ff02::1\tip6-allnodes
        ff02::2\tip6-allrouters

        """

    private static func hosts(_ container: ContainerSnapshot, _ name: String, _ endpoint: EndpointSnapshot?, source: String?) -> String {
        let gateway = endpoint?.gateway ?? ""
        var text = source ?? standard
        if !text.isEmpty && !text.hasSuffix("\n") { text += "\n" }
        for entry in container.host.extraHosts { text += extraHost(entry, gateway: gateway.isEmpty && source != nil ? "127.0.0.1" : gateway) }
        if let address = endpoint?.address, !address.isEmpty {
            let domain = container.configuration.domainName
            text += "\(address)\t" + (domain.isEmpty ? name : "\(name).\(domain) \(name)") + "\n"
        }
        return text
    }

    /// "name:address" or "name=address"; "host-gateway" is the host as the container sees it.
    private static func extraHost(_ entry: String, gateway: String) -> String {
        guard let separator = entry.firstIndex(where: { $0 == ":" || $0 == "=" }) else { return "" }
        let wanted = entry[entry.index(after: separator)...].filter { $0 != "[" && $0 != "]" }
        let address = wanted == "host-gateway" ? gateway : wanted
        return address.isEmpty ? "" : "\(address)\t\(entry[..<separator])\n"
    }

    // MARK: /etc/resolv.conf

    /// Servers on the host's loopback are out of a container's reach.
    private static let fallback = ["8.8.8.8", "8.8.4.4"]

    private static func resolver(_ wanted: HostConfiguration, _ source: String, _ usesHostNetwork: Bool) -> String {
        if usesHostNetwork && wanted.dns.isEmpty && wanted.dnsSearch.isEmpty && wanted.dnsOptions.isEmpty { return source }
        var file = ResolverFile(source)
        if !usesHostNetwork { file.servers.removeAll { $0.hasPrefix("127.") || $0 == "::1" || $0.hasPrefix("fe80:") } }
        if file.servers.isEmpty { file.servers = fallback }
        if !wanted.dns.isEmpty { file.servers = wanted.dns }
        if !wanted.dnsSearch.isEmpty { file.search = wanted.dnsSearch == ["."] ? [] : wanted.dnsSearch }
        if !wanted.dnsOptions.isEmpty { file.options = wanted.dnsOptions }
        return file.text
    }
}
