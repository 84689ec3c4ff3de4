import ContainerRuntime
import EngineModel
import LinuxCgroups

/// What a container may use, as its cgroup takes it.
struct ContainerLimits {
    private let host: HostConfiguration

    init(_ container: ContainerSnapshot) { host = container.host }

    var cgroup: CgroupLimits {
        let resources = host.resources
        var limits = CgroupLimits()
        limits.memory = resources.memory
        limits.memoryReservation = resources.memoryReservation
        limits.memorySwap = resources.memorySwap
        limits.memorySwappiness = resources.memorySwappiness
        limits.oomKillDisabled = resources.oomKillDisabled
        limits.nanoCPUs = resources.nanoCPUs
        limits.cpuShares = resources.cpuShares
        limits.cpuPeriod = resources.cpuPeriod
        limits.cpuQuota = resources.cpuQuota
        limits.cpusetCPUs = resources.cpusetCPUs
        limits.cpusetMemories = resources.cpusetMemories
        limits.pidsLimit = resources.pidsLimit
        limits.blkioWeight = resources.blkioWeight
        limits.allDevices = host.privileged
        limits.devices = DeviceRule.containerDefaults
        for request in host.devices {
            for device in (try? HostDevices.find(request)) ?? [] {
                limits.devices.append(
                    DeviceRule(
                        allow: true, kind: device.mode & 0o170000 == 0o060000 ? "b" : "c", major: Int64(device.major),
                        minor: Int64(device.minor), access: request.permissions))
            }
        }
        return limits
    }
}
