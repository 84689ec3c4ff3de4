@testable import EngineCore
import EngineModel
import Testing

struct HostFilesTests {
    private let source = HostFiles.Source(
        hosts: "127.0.0.1 localhost\n10.1.1.1 machine\n", hostname: "machine\n",
        resolver: "# made by hand\nnameserver 127.0.0.53\nnameserver 10.1.1.53\nsearch example.org\noptions ndots:2\n")

    private func container(_ change: (inout ContainerSnapshot) -> Void = { _ in }) -> ContainerSnapshot {
        var container = ContainerSnapshot(
            id: String(repeating: "ab", count: 32), name: "web", created: 0, imageID: "", arguments: [], configuration: ContainerConfiguration(),
            host: HostConfiguration(), storageDriver: "")
        container.configuration.hostname = "box"
        change(&container)
        return container
    }

    private let endpoint = EndpointSnapshot(networkID: "n", networkName: "bridge", endpointID: "e", address: "172.17.0.2", prefixLength: 16, gateway: "172.17.0.1")

    private func files(_ container: ContainerSnapshot, host: Bool = false) -> HostFiles {
        HostFiles(container: container, endpoint: host ? nil : endpoint, usesHostNetwork: host, source: source)
    }

    @Test("hosts has the loopback names and the container's own, with its domain")
    func hosts() {
        let lines = files(container { $0.configuration.domainName = "example.net" }).hosts.split(separator: "\n")
        #expect(lines.first == "127.0.0.1\tlocalhost")
        #expect(lines.last == "172.17.0.2\tbox.example.net box")
        #expect(files(container()).hosts.hasSuffix("172.17.0.2\tbox\n"))
    }

    @Test("extra hosts, with host-gateway as the gateway and IPv6 in brackets")
    func extraHosts() {
        let text = files(container { $0.host.extraHosts = ["db:10.0.0.5", "gate:host-gateway", "six=[::5]", "nonsense"] }).hosts
        #expect(text.contains("10.0.0.5\tdb\n172.17.0.1\tgate\n::5\tsix\n"))
        #expect(!text.contains("nonsense"))
    }

    @Test("the resolver's servers on the host's loopback are left out, the rest is kept")
    func resolver() {
        #expect(files(container()).resolver == "nameserver 10.1.1.53\nsearch example.org\noptions ndots:2\n")
    }

    @Test("without a server that a container can reach there are two public ones")
    func fallback() {
        var source = source
        source.resolver = "nameserver 127.0.0.1\n"
        let files = HostFiles(container: container(), endpoint: endpoint, usesHostNetwork: false, source: source)
        #expect(files.resolver == "nameserver 8.8.8.8\nnameserver 8.8.4.4\n")
    }

    @Test("what the user says about DNS replaces the host's, each part for itself; a search of . is none")
    func dns() {
        let text = files(
            container {
                $0.host.dns = ["1.1.1.1"]
                $0.host.dnsSearch = ["."]
            }
        ).resolver
        #expect(text == "nameserver 1.1.1.1\noptions ndots:2\n")
    }

    @Test("in the host's network the host's files are as they are, with the extra hosts")
    func hostNetwork() {
        let files = files(
            container {
                $0.configuration.hostname = ""
                $0.host.extraHosts = ["me:host-gateway"]
            }, host: true)
        #expect(files.hosts == source.hosts + "127.0.0.1\tme\n")
        #expect(files.hostname == "machine\n")
        #expect(files.resolver == source.resolver)
    }

    @Test("a container without a hostname gets the beginning of its id")
    func hostname() { #expect(files(container { $0.configuration.hostname = "" }).hostname == "abababababab\n") }

    @Test("the kernel's routes are read without default routes")
    func routes() {
        let text = """
            Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
            eth0\t00000000\t0101010A\t0003\t0\t0\t0\t00000000\t0\t0\t0
            docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0

            """
        #expect(HostRoutes.parse(text).map(\.description) == ["172.17.0.0/16"])
    }
}
