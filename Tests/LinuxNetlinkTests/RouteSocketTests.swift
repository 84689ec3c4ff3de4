import Glibc
import LinuxNetlink
import LinuxSystem
import Testing
import TestSupport

/// Each in a network namespace of its own.
@Suite(.enabled(if: geteuid() == 0))
struct RouteSocketTests {
    private func inNamespace(_ body: (inout RouteSocket) throws -> Void) throws {
        let space = try NetworkNamespace.create()
        try NetworkNamespace.enter(space.raw) {
            var route = try RouteSocket()
            try body(&route)
        }
    }

    private var up: LinkChange {
        var change = LinkChange()
        change.isUp = true
        return change
    }

    @Test("a bridge has the name, MAC, MTU, alias and address it was given, and is gone after its deletion")
    func bridge() throws {
        try inNamespace { route in
            var change = up
            change.alias = "gantry:test:abc"
            try route.perform([.createBridge("br0", mac: HardwareAddress("02:42:0a:00:00:01"), mtu: 1400), .change(.name("br0"), change)])
            let found = try route.link(named: "br0")
            let link = try #require(found)
            #expect(link.kind == "bridge" && link.isUp && link.mtu == 1400 && link.alias == "gantry:test:abc")
            #expect(link.mac == [0x02, 0x42, 10, 0, 0, 1])
            try route.perform([.addAddress(InterfaceAddress("10.1.2.3/20")!, link: link.index)])
            let addresses = try route.addresses().map { "\($0.link) \($0.address)" }
            #expect(addresses == ["\(link.index) 10.1.2.3/20"])
            #expect(Command.run(["ip", "addr", "show", "br0"]).output.contains("inet 10.1.2.3/20 brd 10.1.15.255"))
            try route.perform([.delete(.name("br0"))])
            let gone = try route.link(named: "br0")
            #expect(gone == nil)
        }
    }

    @Test("a pair's peer is made inside the other namespace, with its name and MAC")
    func veth() throws {
        let other = try NetworkNamespace.create()
        let descriptor = other.raw
        try inNamespace { route in
            try route.perform([.createBridge("br0", mac: nil, mtu: 0)])
            let bridge = try route.link(named: "br0")!.index
            let pair = VethPair(name: "gv0", master: bridge, peerName: "eth0", peerMAC: HardwareAddress("02:42:0a:00:00:02"), peerNamespace: descriptor, mtu: 1300)
            try route.perform([.createVeth(pair)])
            let links = try route.links()
            #expect(links.map(\.name) == ["lo", "br0", "gv0"])
            #expect(links.last?.master == bridge)
        }
        // The first namespace is gone and took the pair along.
        var names: [String] = []
        for _ in 0..<200 where names != ["lo"] {
            usleep(10_000)
            names = try NetworkNamespace.enter(descriptor) {
                var inner = try RouteSocket()
                return try inner.links().map(\.name)
            }
        }
        #expect(names == ["lo"])
    }

    @Test("port flags of a bridge and the loopback switch reach the kernel")
    func flags() throws {
        try inNamespace { route in
            try route.perform([.createBridge("br0", mac: nil, mtu: 0)])
            var loopback = LinkChange()
            loopback.routesLoopback = true
            let bridge = try route.link(named: "br0")!.index
            try route.perform([.change(.index(bridge), loopback), .createVeth(VethPair(name: "a", master: bridge, peerName: "b"))])
            var port = up
            port.hairpin = true
            port.isolated = true
            try route.perform([.change(.name("a"), port)])
            let details = Command.run(["ip", "-d", "link", "show", "a"]).output
            #expect(details.contains("hairpin on") && details.contains("isolated on"))
            #expect(String(decoding: try Files.read("/proc/sys/net/ipv4/conf/br0/route_localnet"), as: UTF8.self) == "1\n")
        }
    }

    @Test("the first failure is thrown with what it was about, and the requests after it are carried out")
    func failures() throws {
        try inNamespace { route in
            let error = #expect(throws: Errno.self) {
                try route.perform([.delete(.name("nosuch")), .createBridge("br0", mac: nil, mtu: 0), .createBridge("br0", mac: nil, mtu: 0)])
            }
            #expect(error?.code == ENODEV)
            #expect(error?.action.hasPrefix("delete the interface nosuch") == true)
            let made = try route.link(named: "br0")
            #expect(made != nil)
            try route.perform([.delete(.name("nosuch"))], ignoring: [ENODEV])
        }
    }

    @Test("a thread is back in its namespace after a visit, also after an error")
    func restored() throws {
        func inode() -> UInt {
            var status = stat()
            stat("/proc/thread-self/ns/net", &status)
            return UInt(status.st_ino)
        }
        let home = inode()
        let space = try NetworkNamespace.create()
        #expect(inode() == home)
        try NetworkNamespace.enter(space.raw) { #expect(inode() != home) }
        #expect(throws: Errno.self) { try NetworkNamespace.enter(space.raw) { throw Errno(EIO) } }
        #expect(inode() == home)
    }

    @Test("texts of addresses")
    func texts() {
        #expect(InterfaceAddress("172.17.0.2/16")?.description == "172.17.0.2/16")
        #expect(InterfaceAddress("172.17.0.2/16")!.range == (0xac11_0000, 0xac11_ffff))
        #expect(InterfaceAddress("0.0.0.0/0")!.range == (0, .max))
        #expect(InterfaceAddress("1.2.3.4/33") == nil && InterfaceAddress("::1/64") == nil)
        #expect(HardwareAddress(for: InterfaceAddress("172.17.0.2/16")!).description == "02:42:ac:11:00:02")
        #expect(HardwareAddress("02:42:ac:11:00") == nil && HardwareAddress("02:42:ac:11:00:0g") == nil)
    }
}
