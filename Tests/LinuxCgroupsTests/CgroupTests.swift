import Glibc
import LinuxCgroups
import LinuxSystem
import TestSupport
import Testing

@Suite("cgroups on this kernel", .enabled(if: geteuid() == 0), .serialized)
struct CgroupTests {
    let system: CgroupSystem
    let name = "gantry-test-\(getpid())"

    init() throws { system = try CgroupSystem.detect() }

    private func limits(_ change: (inout CgroupLimits) -> Void) -> CgroupLimits {
        var limits = CgroupLimits()
        limits.devices = DeviceRule.containerDefaults
        change(&limits)
        return limits
    }

    /// Runs a shell inside the cgroup.
    private func run(_ cgroup: Cgroup, _ script: String) -> Command {
        let joins = cgroup.processFiles().map { "echo $$ >\($0)" }.joined(separator: " && ")
        return Command.run(["sh", "-c", "\(joins) && exec sh -c '\(script)'"])
    }

    @Test("limits are written, and everything goes again")
    func written() throws {
        let cgroup = try system.create(
            "\(name)/a",
            limits {
                $0.memory = 64 << 20
                $0.nanoCPUs = 500_000_000
                $0.pidsLimit = 20
            })
        defer { system.removeParentIfEmpty(name) }
        #expect(run(cgroup, "echo in").output == "in\n")
        #expect(system.list(below: name) == ["a"])
        if system.version == 1 {
            #expect(Command.run(["cat", "/sys/fs/cgroup/memory/\(name)/a/memory.limit_in_bytes"]).output == "67108864\n")
            #expect(Command.run(["cat", "/sys/fs/cgroup/cpu/\(name)/a/cpu.cfs_quota_us"]).output == "50000\n")
        }
        try cgroup.remove()
        #expect(system.list(below: name) == [])
        try cgroup.remove()
    }

    @Test("the pids limit holds")
    func pids() throws {
        let cgroup = try system.create("\(name)/p", limits { $0.pidsLimit = 3 })
        defer { system.removeParentIfEmpty(name) }
        let result = run(cgroup, "for i in 1 2 3 4 5 6; do sleep 0.2 & done; wait")
        #expect(result.errors.lowercased().contains("fork"), "\(result.everything)")
        try cgroup.kill()
        try cgroup.remove()
    }

    @Test("the memory limit kills, and says so")
    func memory() throws {
        let cgroup = try system.create("\(name)/m", limits { $0.memory = 16 << 20 })
        defer { system.removeParentIfEmpty(name) }
        #expect(!cgroup.oomKilled())
        #expect(run(cgroup, "exec tail /dev/zero").status == 137)
        #expect(cgroup.oomKilled())
        try cgroup.remove()
    }

    @Test("devices outside the list are refused, those inside are not")
    func devices() throws {
        let cgroup = try system.create("\(name)/d", limits { _ in })
        defer { system.removeParentIfEmpty(name) }
        let result = run(cgroup, "head -c 1 /dev/zero | wc -c; head -c 1 /dev/vda >/dev/null || head -c 1 /dev/kmsg >/dev/null && echo open")
        #expect(result.output == "1\n", "\(result.everything)")
        try cgroup.remove()
    }

    @Test("freeze stops, kill ends all")
    func freeze() throws {
        let cgroup = try system.create("\(name)/f", limits { _ in })
        defer { system.removeParentIfEmpty(name) }
        let joins = cgroup.processFiles().map { "echo $$ >\($0)" }.joined(separator: " && ")
        let child = Child(["sh", "-c", "\(joins) && echo in && sleep 100 & sleep 100"])
        #expect(child.waitForOutput("in"))
        try cgroup.freeze(true)
        try cgroup.freeze(false)
        #expect(try !cgroup.processes().isEmpty)
        try cgroup.kill()
        try cgroup.remove()
        child.signal(SIGKILL)
        Command.run(["true"])
    }

    @Test("a limit that the kernel refuses leaves no cgroup behind")
    func refused() throws {
        #expect(throws: (any Error).self) { try system.create("\(name)/r", limits { $0.cpusetCPUs = "9999" }) }
        #expect(system.list(below: name) == [])
        system.removeParentIfEmpty(name)
    }
}
