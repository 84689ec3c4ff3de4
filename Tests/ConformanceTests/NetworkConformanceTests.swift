import TestSupport
import Testing

@Suite("network drivers' conformance", .enabled(if: Verify.isRoot))
struct NetworkConformanceTests {
    @Test("our network drivers pass", arguments: [("network-bridge", 0), ("network-macvlan", 1), ("network-none", 6), ("network-host", 14)])
    func ours(_ name: String, _ skipped: Int) {
        let report = Verify.run(Verify.driver(name))
        #expect(report.status == 0 && report.failed.isEmpty && report.skipped.count == skipped, "\(report)")
    }

    @Test("a right driver in C passes")
    func plain() throws {
        let report = try SeededDriver("network", bug: "").verify()
        #expect(report.status == 0 && report.failed.isEmpty && report.skipped == ["network.ports", "network.concurrent-calls"], "\(report)")
    }

    @Test(
        "one bug fails one check",
        arguments: [
            ("ONE_BRIDGE_FOR_ALL", "network.networks-are-apart", "is reached from another network"), ("IGNORES_MAC", "network.join-heeds-name-and-mac", "2:42:a:4d:1:99"),
            ("LEAVE_LEAVES_LINK", "network.leave-leaves-nothing", "left0"), ("LEAVE_TWICE_FAILS", "network.leave-again", "leave of container 9"),
            ("WALK_REPEATS", "network.walk", "nothing twice"), ("FAILED_JOIN_LEAVES_LINK", "network.failed-join-leaves-nothing", "the host's interfaces after"),
            ("LEAVES_LO_DOWN", "network.join-gives-an-interface", "the interface lo in the container is not up"),
            ("LISTENS_ONLY", "network.endpoints-reach-each-other", "10.77.1.3 does not reach 10.77.1.2"),
            ("LEAVE_TAKES_ALL", "network.two-networks-one-container", "the second network is not reached after the first was left"),
            ("FORGETS_LATE", "network.comes-back", "has just left"), ("KEEPS_BRIDGE", "network.remove-leaves-nothing", "the host's interfaces after remove_network"),
            ("CREATE_MAKES_ANEW", "network.create-again", "a container that was there before"), ("CLOSE_TAKES_LINKS", "network.survives-a-restart", "went with the instance"),
            ("PUBLISHES_NOTHING", "network.ports", "does not lead to port 80"), ("RACES", "network.concurrent-calls", "calls of eight threads"),
            ("EXACT_SIZE", "driver.accepts-a-newer-engine", "EINVAL"), ("TAKES_UNKNOWN_OPTIONS", "driver.refuses-unknown-options", "it succeeded"),
        ])
    func bugs(_ bug: String, _ check: String, _ words: String) throws { try SeededDriver.expect("network", bug, check, saying: words) }
}
