import Glibc
import LinuxSystem

/// Limits as the files of cgroup v2.
enum UnifiedLimits {
    static func apply(_ limits: CgroupLimits, _ folder: String) throws(Errno) {
        func set(_ value: String, _ name: String) throws(Errno) { try Cgroup.write(value, to: "\(folder)/\(name)") }
        if limits.memory > 0 { try set("\(limits.memory)", "memory.max") }
        if limits.memoryReservation > 0 { try set("\(limits.memoryReservation)", "memory.low") }
        if limits.memory > 0, limits.memorySwap != -1, Files.exists("\(folder)/memory.swap.max") {
            // v2 counts swap alone.
            let swap = limits.memorySwap > 0 ? limits.memorySwap - limits.memory : limits.memory
            try set("\(swap)", "memory.swap.max")
        }
        // The kernel's own conversion of 2…262144 shares to a weight of 1…10000.
        if limits.cpuShares > 0 { try set("\(1 + (min(max(limits.cpuShares, 2), 262_144) - 2) * 9999 / 262_142)", "cpu.weight") }
        if let bandwidth = limits.bandwidth { try set("\(bandwidth.quota < 0 ? "max" : "\(bandwidth.quota)") \(bandwidth.period)", "cpu.max") }
        if !limits.cpusetCPUs.isEmpty { try set(limits.cpusetCPUs, "cpuset.cpus") }
        if !limits.cpusetMemories.isEmpty { try set(limits.cpusetMemories, "cpuset.mems") }
        if let limit = limits.pidsLimit, limit > 0 { try set("\(limit)", "pids.max") }
        if limits.blkioWeight > 0 {
            if Files.exists("\(folder)/io.bfq.weight") { try set("\(limits.blkioWeight)", "io.bfq.weight") } else { try set("default \(limits.blkioWeight)", "io.weight") }
        }
        if !limits.allDevices { try DeviceProgram.attach(limits.devices, to: folder) }
    }
}

/// Controllers are handed down from the root, cgroup by cgroup.
enum UnifiedHierarchy {
    private static let controllers = ["cpu", "memory", "pids", "io", "cpuset"]

    static func delegate(_ root: String, _ path: String) throws(Errno) {
        var folder = root
        for part in path.split(separator: "/").dropLast() {
            try enable(folder)
            folder += "/\(part)"
            try Files.makeDirectories(folder, mode: 0o755)
        }
        try enable(folder)
    }

    /// What is there and not yet handed down; what can't be is left out.
    private static func enable(_ folder: String) throws(Errno) {
        let available = Set((Cgroup.read("\(folder)/cgroup.controllers") ?? "").split(whereSeparator: \.isWhitespace).map(String.init))
        let enabled = Set((Cgroup.read("\(folder)/cgroup.subtree_control") ?? "").split(whereSeparator: \.isWhitespace).map(String.init))
        for controller in controllers where available.contains(controller) && !enabled.contains(controller) {
            try Cgroup.write("+\(controller)", to: "\(folder)/cgroup.subtree_control")
        }
    }
}
