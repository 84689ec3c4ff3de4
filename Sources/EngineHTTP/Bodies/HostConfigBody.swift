import EngineModel
import EngineWire

/// Docker's `HostConfig`.
enum HostConfigBody {
    static func make(_ host: HostConfiguration) -> JSONValue {
        var body: JSONValue = [
            "Binds": host.binds.isEmpty ? nil : JSONValue(host.binds), "ContainerIDFile": .string(host.containerIDFile),
            "LogConfig": ["Type": .string(host.logDriver), "Config": JSONValue(host.logOptions)], "NetworkMode": .string(host.networkMode),
            "PortBindings": portBindings(host.portBindings),
            "RestartPolicy": ["Name": .string(host.restartPolicy.name.rawValue), "MaximumRetryCount": .integer(Int64(host.restartPolicy.maximumRetryCount))],
            "AutoRemove": .bool(host.autoRemove), "VolumeDriver": .string(host.volumeDriver),
            "VolumesFrom": host.volumesFrom.isEmpty ? nil : JSONValue(host.volumesFrom),
            "ConsoleSize": .array(host.consoleSize.map { .integer(Int64($0)) }),
            "CapAdd": list(host.capabilitiesAdded), "CapDrop": list(host.capabilitiesDropped),
            "CgroupnsMode": .string(host.cgroupnsMode.isEmpty ? "private" : host.cgroupnsMode),
            "Dns": JSONValue(host.dns), "DnsOptions": JSONValue(host.dnsOptions), "DnsSearch": JSONValue(host.dnsSearch),
            "ExtraHosts": list(host.extraHosts), "GroupAdd": list(host.groups),
            "IpcMode": .string(host.ipcMode.isEmpty ? "private" : host.ipcMode), "Cgroup": "", "Links": nil,
            "OomScoreAdj": .integer(Int64(host.oomScoreAdjustment)), "PidMode": .string(host.pidMode), "Privileged": .bool(host.privileged),
            "PublishAllPorts": .bool(host.publishAllPorts), "ReadonlyRootfs": .bool(host.readOnlyRoot), "SecurityOpt": list(host.securityOptions),
        ]
        if !host.tmpfs.isEmpty { body["Tmpfs"] = JSONValue(host.tmpfs) }
        body["UTSMode"] = .string(host.utsMode)
        body["UsernsMode"] = ""
        body["ShmSize"] = .integer(host.shmSize)
        if !host.sysctls.isEmpty { body["Sysctls"] = JSONValue(host.sysctls) }
        body["Runtime"] = "runc"
        body["Isolation"] = ""
        resources(host, &body)
        if !host.mounts.isEmpty { body["Mounts"] = .array(host.mounts.filter { !isBind($0, host) }.map(mount)) }
        body["MaskedPaths"] = JSONValue(host.privileged ? nil : host.maskedPaths ?? defaultMasked)
        body["ReadonlyPaths"] = JSONValue(host.privileged ? nil : host.readOnlyPaths ?? defaultReadOnly)
        if host.useInit { body["Init"] = true }
        if !host.storageDriver.isEmpty { body["StorageDriver"] = .string(host.storageDriver) }
        return body
    }

    private static let defaultMasked = [
        "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
        "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
    ]
    private static let defaultReadOnly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

    private static func list(_ strings: [String]) -> JSONValue { strings.isEmpty ? .null : JSONValue(strings) }

    /// Made from `Binds`, and shown there.
    private static func isBind(_ mount: MountRequest, _ host: HostConfiguration) -> Bool {
        host.binds.contains { $0.contains(":\(mount.target)") || $0 == mount.target }
    }

    static func portBindings(_ bindings: [PortBinding]) -> JSONValue {
        var body: JSONValue = [:]
        for binding in bindings.sorted(by: { $0.container < $1.container }) {
            let entry: JSONValue = ["HostIp": .string(binding.hostAddress), "HostPort": .string(binding.hostPort == 0 ? "" : "\(binding.hostPort)")]
            body[binding.container.description] = .array(body[binding.container.description].array + [entry])
        }
        return body
    }

    private static func resources(_ host: HostConfiguration, _ body: inout JSONValue) {
        let resources = host.resources
        let numbers: [(String, Int64)] = [
            ("CpuShares", resources.cpuShares), ("Memory", resources.memory), ("NanoCpus", resources.nanoCPUs), ("BlkioWeight", Int64(resources.blkioWeight)),
            ("CpuPeriod", resources.cpuPeriod), ("CpuQuota", resources.cpuQuota), ("CpuRealtimePeriod", 0), ("CpuRealtimeRuntime", 0),
            ("MemoryReservation", resources.memoryReservation), ("MemorySwap", resources.memorySwap), ("CpuCount", 0), ("CpuPercent", 0),
            ("IOMaximumIOps", 0), ("IOMaximumBandwidth", 0),
        ]
        for (name, value) in numbers { body[name] = .integer(value) }
        body["CgroupParent"] = ""
        body["CpusetCpus"] = .string(resources.cpusetCPUs)
        body["CpusetMems"] = .string(resources.cpusetMemories)
        for name in ["BlkioWeightDevice", "BlkioDeviceReadBps", "BlkioDeviceWriteBps", "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps"] { body[name] = [] }
        body["Devices"] = .array(
            host.devices.map {
                ["PathOnHost": .string($0.hostPath), "PathInContainer": .string($0.containerPath), "CgroupPermissions": .string($0.permissions)]
            })
        body["DeviceCgroupRules"] = .null
        body["DeviceRequests"] = .null
        body["MemorySwappiness"] = resources.memorySwappiness.map { .integer($0) } ?? .null
        body["OomKillDisable"] = .bool(resources.oomKillDisabled)
        body["PidsLimit"] = resources.pidsLimit.map { .integer($0) } ?? .null
        body["Ulimits"] = .array(resources.ulimits.map { ["Name": .string($0.name), "Hard": .integer($0.hard), "Soft": .integer($0.soft)] })
    }

    private static func mount(_ request: MountRequest) -> JSONValue {
        var body: JSONValue = ["Type": .string(request.kind.rawValue)]
        if !request.source.isEmpty { body["Source"] = .string(request.source) }
        body["Target"] = .string(request.target)
        if request.readOnly { body["ReadOnly"] = true }
        return body
    }
}
