import TestSupport
import Testing

@Suite("volume and network drivers' conformance", .enabled(if: Verify.isRoot))
struct VolumeConformanceTests {
    @Test("our volume and network drivers pass", arguments: ["volume-local", "network-bridge", "network-macvlan", "network-host", "network-none"])
    func ours(_ name: String) {
        let report = Verify.run(Verify.driver(name))
        #expect(report.status == 0 && report.failed.isEmpty, "\(report)")
    }

    @Test("those with addresses are asked for traffic")
    func whole() {
        for name in ["network-bridge", "network-macvlan"] {
            let passed = Verify.run(Verify.driver(name)).passed
            #expect(passed.contains("network.containers-reach-one-another") && passed.contains("network.survives-a-restart"), "\(passed)")
        }
    }

    @Test("a right driver in C passes")
    func plain() throws {
        let report = try SeededDriver("volume", bug: "").verify()
        #expect(report.status == 0 && report.failed.isEmpty && report.skipped.isEmpty, "\(report)")
    }

    @Test(
        "one bug fails the check made for it",
        arguments: [
            ("TAKES_A_NAME_TWICE", "volume.name-is-taken"), ("KEEPS_CONTENTS", "volume.new-is-empty"), ("REMOVES_THE_ABSENT", "volume.absent-is-ENOENT"),
            ("CRASHES_AT_SECOND_UNMOUNT", "volume.many-users"), ("DOES_NOT_STOP", "volume.walk-may-stop"), ("RACES", "volume.concurrent"),
        ])
    func bugs(_ bug: String, _ check: String) throws { try SeededDriver.expect("volume", bug, check) }

    @Test("a bug that touches more is found by the check made for it as well", arguments: [("LIST_IN_MEMORY", "volume.survives-a-kill"), ("MOUNTS_NOTHING", "volume.many-users")])
    func wide(_ bug: String, _ check: String) throws {
        let report = try SeededDriver("volume", bug: bug).verify()
        #expect(report.failed.contains(check) && report.status == 1, "\(bug): \(report)")
    }
}
