import FaultHarness
import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("the clock jumps", .enabled(if: Torture.isRoot), .serialized)
struct ClockTests {
    private static let fixture = #filePath.replacing("ClockTests.swift", with: "Fixtures/clock.c")

    @Test("a daemon whose clock jumps by years, there and back, loses nothing and waits for nothing")
    func jumps() throws {
        let folder = "/var/tmp/gantry-test-clock-\(getpid())"
        try Files.makeDirectories(folder)
        defer { try? Files.removeTree(folder) }
        let built = Command.run(["cc", "-O1", "-fPIC", "-shared", Self.fixture, "-o", "\(folder)/clock.so", "-ldl"])
        #expect(built.status == 0, "\(built.everything)")
        /// Written in place: the daemon has it mapped.
        func jump(_ seconds: Int64) throws {
            let file = try Files.open("\(folder)/offset", O_WRONLY | O_CREAT)
            try withUnsafeBytes(of: seconds) { try Files.writeAll(file.raw, $0) }
        }
        try jump(0)
        let victim = try Victim(number: 65, launcher: ["env", "LD_PRELOAD=\(folder)/clock.so", "GANTRY_TEST_CLOCK=\(folder)/offset"])
        defer { victim.discard() }
        try victim.warmUp()
        victim.daemon.gantry("network", "create", "--internal", "clock")
        let year: Int64 = 365 * 86400
        for offset in [10 * year, -20 * year, -3600, 1] {
            try victim.work(victim.plan()) {
                usleep(150_000)
                try jump(offset)
                usleep(300_000)
            }
            let made = victim.daemon.gantry("network", "inspect", "--format", "{{.Created}}", "clock").output.prefix(4)
            victim.daemon.gantry("volume", "create", "clock")
            let dated = victim.daemon.gantry("volume", "inspect", "--format", "{{.CreatedAt}}", "clock").output.prefix(4)
            victim.daemon.gantry("volume", "rm", "clock")
            if abs(offset) > year { #expect(!dated.isEmpty && dated != made, "the jump reached the daemon: \(made), \(dated)") }
            victim.check()
            victim.daemon.kill()
            victim.daemon.start()
            victim.check()
        }
        victim.daemon.gantry("network", "rm", "clock")
        try victim.exhaust()
        print("clock jumps: seed \(Torture.seed), \(victim.acknowledged) acknowledged changes, \(victim.violations) violations")
    }
}
