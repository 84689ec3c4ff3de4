import DriverHost
import DriverKit
@testable import EngineCore
import EngineErrors
import EngineModel
import Glibc
import LinuxNetlink
import LinuxSystem
import StateStore
import Testing
import TestSupport

/// With the real bridge driver, on a bridge and a subnet of the test's own.
@Suite(.enabled(if: geteuid() == 0), .serialized)
struct NetworkCatalogTests {
    private static let mark = "unit\(getpid())"

    /// A catalog over a new store, and its removal from the kernel afterwards.
    private func withCatalog(_ body: (NetworkCatalog, World) async throws -> Void) async throws {
        let world = try World(Self.mark)
        let catalog = try await world.catalog()
        do { try await body(catalog, world) } catch {
            await world.cleanUp()
            throw error
        }
        await world.cleanUp()
    }

    private func container(_ name: String, ports: [PortBinding] = []) -> ContainerSnapshot {
        var container = ContainerSnapshot(
            id: Identifier.random(), name: name, created: 0, imageID: "", arguments: [], configuration: ContainerConfiguration(),
            host: HostConfiguration(), storageDriver: "")
        container.host.portBindings = ports
        return container
    }

    private func failure(_ body: () async throws -> Void) async -> EngineError? {
        do {
            try await body()
            return nil
        } catch { return error as? EngineError }
    }

    @Test("the three predefined networks exist, keep their ids over a restart and can't be removed")
    func predefined() async throws {
        try await withCatalog { catalog, world in
            let networks = await catalog.listNetworks()
            #expect(Set(networks.map(\.name)) == ["bridge", "host", "none"])
            let again = try await world.catalog()
            #expect(await again.listNetworks().map(\.id).sorted() == networks.map(\.id).sorted())
            #expect(try await catalog.resolve("default").name == "bridge")
            let error = await failure { try await catalog.removeNetwork("bridge") }
            #expect(error?.code == .permissionDenied)
            #expect(error?.message == "bridge is a pre-defined network and cannot be removed")
        }
    }

    @Test("a container gets an address, a published port is bound and redirected, and leaving frees both")
    func lifecycle() async throws {
        try await withCatalog { catalog, world in
            let bridge = try await catalog.resolve("bridge")
            let web = container("web", ports: [PortBinding(container: ContainerPort(80)), PortBinding(container: ContainerPort(53, .udp), hostAddress: "127.0.0.1", hostPort: 18053)])
            let prepared = try await catalog.prepare(bridge, container: web, request: nil)
            #expect(prepared.snapshot.address == "172.31.240.2")
            #expect(prepared.snapshot.mac == "02:42:ac:1f:f0:02")
            #expect(prepared.snapshot.ports.map(\.hostPort) == [prepared.snapshot.ports[0].hostPort, 18053])
            #expect((32768...60999).contains(prepared.snapshot.ports[0].hostPort))
            let sockets = prepared.takeSockets()
            #expect(sockets.count == 2)
            let space = try NetworkNamespace.create()
            let endpoint = try await catalog.join(prepared, netns: space.raw)
            #expect(endpoint.interfaceName == "eth0")
            #expect(world.rules().contains("\(endpoint.ports[0].hostPort)"))

            let error = await failure {
                _ = try await catalog.prepare(bridge, container: container("other", ports: [PortBinding(container: ContainerPort(80), hostPort: endpoint.ports[0].hostPort)]), request: nil)
            }
            #expect(error?.code == .conflict)
            #expect(error?.message.contains("failed: port is already allocated: it is published by container \"") == true)

            for socket in sockets { close(socket) }
            await catalog.leave(endpoint, container: web.id)
            await catalog.leave(endpoint, container: web.id)
            #expect(!world.rules().contains("18053"))
            let next = try await catalog.prepare(bridge, container: web, request: nil)
            // .3 was leased to the one that was refused.
            #expect(next.snapshot.address == "172.31.240.4")
            await catalog.release(next)
        }
    }

    @Test("a port of another program is refused with its process, and nothing stays leased or bound")
    func foreignPort() async throws {
        try await withCatalog { catalog, _ in
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(listener) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(18099).bigEndian
            _ = withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, 16) } }
            listen(listener, 1)
            let bridge = try await catalog.resolve("bridge")
            let web = container("web", ports: [PortBinding(container: ContainerPort(80), hostPort: 18098), PortBinding(container: ContainerPort(81), hostPort: 18099)])
            let error = await failure { _ = try await catalog.prepare(bridge, container: web, request: nil) }
            #expect(error?.message.hasPrefix("driver failed programming external connectivity on endpoint web (") == true)
            #expect(error?.message.contains("Bind for 0.0.0.0:18099 failed: port is already allocated: it is used by process \(getpid()) (") == true)
            let free = try await catalog.prepare(bridge, container: container("b", ports: [PortBinding(container: ContainerPort(80), hostPort: 18098)]), request: nil)
            #expect(await catalog.leases.count == 1)
            await catalog.release(free)
        }
    }

    @Test("own networks: subnet, wanted address, events, refusal while in use, removal")
    func ownNetworks() async throws {
        try await withCatalog { catalog, world in
            let request = NetworkRequest(name: "mine", subnets: [NetworkSnapshot.Subnet(cidr: "172.31.241.0/24", gateway: "")], labels: ["a": "b"])
            let id = try await catalog.createNetwork(request).id
            let network = try await catalog.resolve(String(id.prefix(10)))
            #expect(network.subnets == [NetworkSnapshot.Subnet(cidr: "172.31.241.0/24", gateway: "172.31.241.1")])
            let one = container("one")
            let prepared = try await catalog.prepare(network, container: one, request: NetworkingRequest.Endpoint(network: "mine", address: "172.31.241.9"))
            #expect(prepared.snapshot.address == "172.31.241.9")
            let taken = await failure { _ = try await catalog.prepare(network, container: container("two"), request: NetworkingRequest.Endpoint(network: "mine", address: "172.31.241.9")) }
            #expect(taken?.code == .conflict)
            let space = try NetworkNamespace.create()
            let endpoint = try await catalog.join(prepared, netns: space.raw)
            let refused = await failure { try await catalog.removeNetwork("mine") }
            #expect(refused?.message.hasPrefix("error while removing network: network mine id \(id) has active endpoints") == true)
            await catalog.leave(endpoint, container: one.id)
            try await catalog.removeNetwork("mine")
            #expect(await failure { _ = try await catalog.resolve("mine") }?.message == "network mine not found")
            let actions = await world.actions()
            #expect(actions == ["create", "connect", "disconnect", "destroy"])
        }
    }

    @Test(
        "requests for networks that are refused",
        arguments: [
            (NetworkRequest(name: "bridge"), EngineError.Code.conflict),
            (NetworkRequest(name: "a/b"), .invalidArgument),
            (NetworkRequest(name: "h2", driver: "host"), .permissionDenied),
            (NetworkRequest(name: "x", driver: "nosuch"), .notFound),
            (NetworkRequest(name: "x", subnets: [NetworkSnapshot.Subnet(cidr: "172.31.240.128/25", gateway: "")]), .permissionDenied),
            (NetworkRequest(name: "x", subnets: [NetworkSnapshot.Subnet(cidr: "172.31.242.5/24", gateway: "")]), .invalidArgument),
            (NetworkRequest(name: "x", subnets: [NetworkSnapshot.Subnet(cidr: "172.31.242.0/24", gateway: "10.0.0.1")]), .invalidArgument),
            (NetworkRequest(name: "x", options: ["com.docker.network.bridge.name": "a-name-that-is-too-long"]), .invalidArgument),
        ])
    func refusals(request: NetworkRequest, code: EngineError.Code) async throws {
        try await withCatalog { catalog, _ in
            #expect(await failure { _ = try await catalog.createNetwork(request) }?.code == code)
            #expect(await catalog.listNetworks().count == 3)
        }
    }

    @Test("after a restart a running container keeps its address and ports, and leftovers are removed")
    func restart() async throws {
        try await withCatalog { catalog, world in
            let bridge = try await catalog.resolve("bridge")
            let live = container("live", ports: [PortBinding(container: ContainerPort(80), hostPort: 18088)]), lost = container("lost")
            let spaces = [try NetworkNamespace.create().take(), try NetworkNamespace.create().take()]
            defer { for space in spaces { close(space) } }
            let prepared = try await catalog.prepare(bridge, container: live, request: nil)
            let kept = try await catalog.join(prepared, netns: spaces[0])
            let gone = try await catalog.join(try await catalog.prepare(bridge, container: lost, request: nil), netns: spaces[1])

            let next = try await world.catalog()
            await next.adopt(kept, container: live.id)
            await next.setUp()
            for discrepancy in await next.discrepancies(deep: false) { try await discrepancy.mend?() }
            #expect(Set(try await world.registry.network("bridge").walk().filter { $0.kind == .endpoint }.map(\.id)) == [kept.endpointID])
            #expect(world.rules().contains("18088"))
            #expect(try await next.prepare(bridge, container: lost, request: nil).snapshot.address != kept.address)
            let error = await failure { _ = try await next.prepare(bridge, container: lost.publishing(18088), request: nil) }
            #expect(error?.message.contains("it is published by container") == true)
            await next.leave(gone, container: lost.id)
            await next.leave(kept, container: live.id)
        }
    }
}

extension ContainerSnapshot {
    fileprivate func publishing(_ port: UInt16) -> ContainerSnapshot {
        var copy = self
        copy.host.portBindings = [PortBinding(container: ContainerPort(80), hostPort: port)]
        return copy
    }
}

/// What a catalog needs.
private final class World: Sendable {
    let registry: DriverRegistry
    let events = EventBus()
    let store: StateStore
    let folder: String
    let mark: String

    init(_ mark: String) throws {
        var template = Array("/var/tmp/gantry-networks-XXXXXX".utf8CString)
        folder = String(cString: mkdtemp(&template))
        self.mark = mark
        let drivers = getenv("GANTRY_TEST_BIN").map { String(cString: $0) } ?? Engine.bin
        registry = DriverRegistry(
            DriverRegistry.Configuration(
                directories: [drivers], stateRoot: "\(folder)/drivers", mark: mark, defaults: [.network: "bridge"], instanceOptions: [:], checksOwnership: false))
        registry.discover()
        store = try StateStore(path: "\(folder)/state.db")
    }

    func catalog() async throws -> NetworkCatalog {
        let defaults = NetworkCatalog.Defaults(bip: "172.31.240.1/24", bridgeName: "gunit\(getpid() % 100_000)", mark: mark)
        return try await NetworkCatalog(store: store, registry: registry, events: events, defaults: defaults)
    }

    func rules() -> String { Command.run(["nft", "list", "table", "ip", "gantry_\(mark)"]).output }

    func actions() async -> [String] {
        var actions: [String] = []
        do { for try await event in events.stream(since: 0, until: Clock.now()) { actions.append(event.action) } } catch {}
        return actions
    }

    func cleanUp() async {
        if let driver = try? await registry.network("bridge") {
            for object in (try? await driver.walk()) ?? [] {
                if object.kind == .endpoint { try? await driver.leave(network: "", endpoint: object.id) } else { try? await driver.removeNetwork(object.id) }
            }
            #expect((try? await driver.walk())?.isEmpty == true)
        }
        #expect(rules().isEmpty)
        await store.close()
        try? Files.removeTree(folder)
    }
}
