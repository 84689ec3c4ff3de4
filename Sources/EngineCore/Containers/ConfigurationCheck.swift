import ContainerRuntime
import EngineErrors
import EngineModel
import Glibc

/// Refuses, at creation, what could not be run later.
enum ConfigurationCheck {
    static func check(_ configuration: ContainerConfiguration, _ host: HostConfiguration) throws(EngineError) {
        if !configuration.workingDirectory.isEmpty && !configuration.workingDirectory.hasPrefix("/") {
            throw EngineError(.invalidArgument, "the working directory '\(configuration.workingDirectory)' is invalid, it needs to be an absolute path")
        }
        for (what, name) in [("hostname", configuration.hostname), ("domain name", configuration.domainName)] where name.utf8.count > 64 {
            throw EngineError(.invalidArgument, "invalid \(what) \"\(name)\": it has more than 64 bytes")
        }
        if let signal = configuration.stopSignal { _ = try Signals.parse(signal) }
        for entry in configuration.environment where entry.isEmpty || entry.hasPrefix("=") {
            throw EngineError(.invalidArgument, "invalid environment variable: \(entry)")
        }
        try check(host.resources)
        for (path, _) in host.tmpfs where !path.hasPrefix("/") {
            throw EngineError(.invalidArgument, "invalid tmpfs mount destination \"\(path)\": it must be an absolute path")
        }
        if host.restartPolicy.maximumRetryCount < 0 || (host.restartPolicy.maximumRetryCount > 0 && host.restartPolicy.name != .onFailure) {
            throw EngineError(.invalidArgument, "invalid restart policy: maximum retry count cannot be used with restart policy '\(host.restartPolicy.name.rawValue)'")
        }
        if !(-1000...1000).contains(host.oomScoreAdjustment) {
            throw EngineError(.invalidArgument, "Invalid value \(host.oomScoreAdjustment), range for oom score adj is [-1000, 1000]")
        }
        if host.shmSize < 0 { throw EngineError(.invalidArgument, "SHM size can not be less than 0") }
        var process = ProcessSpecification()
        try Confinement.apply(host, SecurityOptions(host.securityOptions), to: &process)
    }

    private static func check(_ set: String, _ what: String, _ kind: String) throws(EngineError) {
        if set.isEmpty { return }
        guard let wanted = CPUSet.parse(set) else { throw EngineError(.invalidArgument, "Invalid value \(set) for cpuset \(kind == "cpu" ? "cpus" : "mems")") }
        if let available = CPUSet.available(kind), let known = CPUSet.parse(available), !wanted.isSubset(of: known) {
            throw EngineError(.invalidArgument, "Requested \(what) are not available - requested \(set), available: \(available)")
        }
    }

    private static func check(_ resources: Resources) throws(EngineError) {
        if resources.memory != 0 && resources.memory < 6 << 20 {
            throw EngineError(.invalidArgument, "Minimum memory limit allowed is 6MB")
        }
        if resources.memory > 0 && resources.memorySwap > 0 && resources.memorySwap < resources.memory {
            throw EngineError(.invalidArgument, "Minimum memoryswap limit should be larger than memory limit, see usage")
        }
        if resources.memory == 0 && resources.memorySwap > 0 {
            throw EngineError(.invalidArgument, "You should always set the Memory limit when using Memoryswap limit, see usage")
        }
        if resources.memoryReservation > 0 && resources.memory > 0 && resources.memory < resources.memoryReservation {
            throw EngineError(.invalidArgument, "Minimum memory limit can not be less than memory reservation limit, see usage")
        }
        let cpus = Double(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        if resources.nanoCPUs < 0 || Double(resources.nanoCPUs) / 1e9 > cpus {
            throw EngineError(.invalidArgument, "range of CPUs is from 0.01 to \(cpus), as there are only \(Int(cpus)) CPUs available")
        }
        if resources.nanoCPUs > 0 && (resources.cpuPeriod > 0 || resources.cpuQuota > 0) {
            throw EngineError(.invalidArgument, "conflicting options: Nano CPUs and CPU Period cannot both be set")
        }
        try check(resources.cpusetCPUs, "CPUs", "cpu")
        try check(resources.cpusetMemories, "memory nodes", "node")
        for limit in resources.ulimits {
            _ = try Limits.resource(limit.name)
            if limit.hard >= 0 && limit.soft > limit.hard {
                throw EngineError(.invalidArgument, "ulimit soft limit must be less than or equal to hard limit: \(limit.soft) > \(limit.hard)")
            }
        }
    }
}
