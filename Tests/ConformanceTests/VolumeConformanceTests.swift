import TestSupport
import Testing

@Suite("volume drivers' conformance", .enabled(if: Verify.isRoot))
struct VolumeConformanceTests {
    @Test("ours passes, asked for everything")
    func ours() {
        let report = Verify.run(Verify.driver("volume-local"))
        #expect(report.status == 0 && report.failed.isEmpty && report.skipped.isEmpty, "\(report)")
    }

    @Test("a right driver in C passes")
    func plain() throws {
        let report = try SeededDriver("volume", bug: "").verify()
        #expect(report.status == 0 && report.failed.isEmpty && report.skipped.isEmpty, "\(report)")
    }

    @Test(
        "one bug fails one check",
        arguments: [
            ("TAKES_A_NAME_TWICE", "volume.errors", "EEXIST was expected, it succeeded"), ("EMPTIES_AT_UNMOUNT", "volume.data-stays", "1 was expected, 0 was seen"),
            ("EACH_USER_ALONE", "volume.two-users", "not there for the other"), ("USAGE_IS_ZERO", "volume.usage", "grow by 0 bytes"),
            ("WALK_REPEATS", "volume.walk", "was seen"), ("DOES_NOT_STOP", "volume.walk", "stopped at the first"), ("TAKES_ANY_NAME", "volume.names", "EINVAL was expected"),
            ("KEEPS_REMOVED", "volume.remove-leaves-nothing", ".kept"), ("CRASHES_AT_A_STRANGERS_UNMOUNT", "volume.unmount-again", "SIGABRT in: unmount v for never"),
            ("RACES", "volume.concurrent-calls", "calls of eight threads"), ("MAKES_IN_PLACE", "volume.survives-a-kill", "can't be used"),
            ("SWALLOWS_IO_ERROR", "volume.survives-io-errors", "create returned success"), ("LEAKS_MEMORY", "driver.keeps-no-memory", "KiB more"),
        ])
    func bugs(_ bug: String, _ check: String, _ words: String) throws { try SeededDriver.expect("volume", bug, check, saying: words) }
}
