import Glibc
import LinuxSystem

/// Limits as the files of cgroup v1.
enum SeparateLimits {
    static func apply(_ limits: CgroupLimits, _ cgroup: Cgroup) throws(Errno) {
        try memory(limits, cgroup)
        try processors(limits, cgroup)
        if let limit = limits.pidsLimit, limit > 0 { try set("\(limit)", "pids", "pids.max", cgroup) }
        if limits.blkioWeight > 0 {
            let weight = Files.exists(cgroup.file("blkio", "blkio.bfq.weight")) ? "blkio.bfq.weight" : "blkio.weight"
            try set("\(limits.blkioWeight)", "blkio", weight, cgroup)
        }
        try devices(limits, cgroup)
    }

    private static func set(_ value: String, _ controller: String, _ name: String, _ cgroup: Cgroup) throws(Errno) {
        try Cgroup.write(value, to: cgroup.file(controller, name))
    }

    private static func memory(_ limits: CgroupLimits, _ cgroup: Cgroup) throws(Errno) {
        if limits.memory > 0 { try set("\(limits.memory)", "memory", "memory.limit_in_bytes", cgroup) }
        if limits.memoryReservation > 0 { try set("\(limits.memoryReservation)", "memory", "memory.soft_limit_in_bytes", cgroup) }
        // A kernel without swap accounting has no such file: the limit on memory is all there is then.
        if limits.memory > 0, limits.memorySwap != -1, Files.exists(cgroup.file("memory", "memory.memsw.limit_in_bytes")) {
            // -1: no limit.
            let total = limits.memorySwap > 0 ? limits.memorySwap : limits.memory > .max / 2 ? -1 : 2 * limits.memory
            try set("\(total)", "memory", "memory.memsw.limit_in_bytes", cgroup)
        }
        if let swappiness = limits.memorySwappiness, swappiness >= 0 { try set("\(swappiness)", "memory", "memory.swappiness", cgroup) }
        if limits.oomKillDisabled { try set("1", "memory", "memory.oom_control", cgroup) }
    }

    private static func processors(_ limits: CgroupLimits, _ cgroup: Cgroup) throws(Errno) {
        if limits.cpuShares > 0 { try set("\(limits.cpuShares)", "cpu", "cpu.shares", cgroup) }
        if let bandwidth = limits.bandwidth {
            try set("\(bandwidth.period)", "cpu", "cpu.cfs_period_us", cgroup)
            try set("\(bandwidth.quota)", "cpu", "cpu.cfs_quota_us", cgroup)
        }
        if !limits.cpusetCPUs.isEmpty { try set(limits.cpusetCPUs, "cpuset", "cpuset.cpus", cgroup) }
        if !limits.cpusetMemories.isEmpty { try set(limits.cpusetMemories, "cpuset", "cpuset.mems", cgroup) }
    }

    private static func devices(_ limits: CgroupLimits, _ cgroup: Cgroup) throws(Errno) {
        guard !limits.allDevices else { return }
        try set("a", "devices", "devices.deny", cgroup)
        for rule in limits.devices { try set(rule.text, "devices", rule.allow ? "devices.allow" : "devices.deny", cgroup) }
    }
}
