import TestSupport
import Testing

@Suite("networks on macvlan", .enabled(if: Shared.isRoot), .serialized)
struct MacvlanTests {
    @Test("stock docker makes one beside a bridge, containers have addresses of their own, and it survives the daemon")
    func network() {
        let engine = Engine(number: 50), parent = "gtmv50"
        engine.start()
        #expect(Command.run(["ip", "link", "add", parent, "up", "type", "veth", "peer", "name", "\(parent)p"]).status == 0)
        #expect(Command.run(["ip", "link", "set", "\(parent)p", "up"]).status == 0)
        defer {
            engine.discard()
            Command.run(["ip", "link", "del", parent])
        }
        engine.importBusybox()
        engine.gantry("run", "--rm", "busybox", "true")
        let created = engine.docker(
            "network", "create", "-d", "macvlan", "-o", "parent=\(parent)", "--subnet", "172.30.50.0/24", "--gateway", "172.30.50.1", "lan")
        #expect(created.status == 0, "\(created.everything)")
        #expect(engine.docker("network", "inspect", "-f", "{{.Driver}} {{.Options}}", "lan").output == "macvlan map[parent:\(parent)]\n")
        // Once before, so that nothing that is made for good counts as a leak.
        use(engine, "warm")
        engine.withoutLeaks { use(engine, $0) }
        engine.gantry("run", "-d", "--name", "stays", "--network", "lan", "busybox", "sleep", "1000")
        engine.kill()
        engine.start()
        let address = engine.gantry("inspect", "-f", "{{.NetworkSettings.Networks.lan.IPAddress}}", "stays").output.trimmed
        #expect(engine.gantry("run", "--rm", "--network", "lan", "busybox", "ping", "-c", "1", "-W", "2", address).status == 0)
        let used = engine.gantry("network", "rm", "lan")
        #expect(used.status == 1 && used.errors.contains("has active endpoints"), "\(used.everything)")
        #expect(engine.gantry("rm", "-f", "stays").status == 0)
        #expect(engine.gantry("network", "rm", "lan").status == 0)
        let missing = engine.gantry("network", "create", "-d", "macvlan", "-o", "parent=gtnone0", "other")
        #expect(missing.status == 1 && missing.errors.contains("the parent gtnone0 of the network other is no interface of this host"), "\(missing.everything)")
        let unknown = engine.gantry("network", "create", "-d", "macvlan", "-o", "foo=1", "other")
        #expect(unknown.errors.contains("unknown option \"foo\" of network other for the network driver macvlan"), "\(unknown.everything)")
        #expect(engine.gantry("network", "ls", "--format", "{{.Name}}").output.contains("other") == false)
    }

    /// A container on the network, reached from another one there, and not from the bridge.
    private func use(_ engine: Engine, _ name: String) {
        let first = engine.docker("run", "-d", "--name", "\(name)a", "--network", "lan", "busybox", "sleep", "1000")
        #expect(first.status == 0, "\(first.everything)")
        let address = engine.gantry("inspect", "-f", "{{.NetworkSettings.Networks.lan.IPAddress}}", "\(name)a").output.trimmed
        #expect(address.hasPrefix("172.30.50."), "\(address)")
        let ping = engine.gantry("run", "--rm", "--network", "lan", "busybox", "ping", "-c", "1", "-W", "2", address)
        #expect(ping.status == 0, "\(ping.everything)")
        let apart = engine.gantry("run", "--rm", "busybox", "ping", "-c", "1", "-W", "1", address)
        #expect(apart.status != 0, "the bridge does not lead there")
        #expect(engine.gantry("rm", "-f", "\(name)a").status == 0)
    }
}
