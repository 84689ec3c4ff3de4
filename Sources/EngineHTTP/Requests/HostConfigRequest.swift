import EngineErrors
import EngineModel
import EngineWire

/// `HostConfig` of a create request.
enum HostConfigRequest {
    static func make(_ body: JSONValue) throws(EngineError) -> HostConfiguration {
        var host = HostConfiguration()
        func text(_ key: String) -> String { body.ignoringCase(key).string }
        func strings(_ key: String) throws(EngineError) -> [String] { try CreateRequest.strings(body.ignoringCase(key), key) }
        host.binds = try strings("Binds")
        for bind in host.binds { host.mounts.append(try BindText.parse(bind)) }
        for mount in body.ignoringCase("Mounts").array { host.mounts.append(try Self.mount(mount)) }
        if !text("NetworkMode").isEmpty { host.networkMode = text("NetworkMode") }
        host.portBindings = try portBindings(body.ignoringCase("PortBindings"))
        host.publishAllPorts = body.ignoringCase("PublishAllPorts").bool
        host.restartPolicy = try restartPolicy(body.ignoringCase("RestartPolicy"))
        host.autoRemove = body.ignoringCase("AutoRemove").bool
        host.resources = try resources(body)
        host.capabilitiesAdded = try strings("CapAdd")
        host.capabilitiesDropped = try strings("CapDrop")
        host.privileged = body.ignoringCase("Privileged").bool
        host.readOnlyRoot = body.ignoringCase("ReadonlyRootfs").bool
        host.tmpfs = try CreateRequest.map(body.ignoringCase("Tmpfs"), "Tmpfs")
        host.securityOptions = try strings("SecurityOpt")
        host.useInit = body.ignoringCase("Init").bool
        host.logDriver = body.ignoringCase("LogConfig").ignoringCase("Type").string
        host.logOptions = try CreateRequest.map(body.ignoringCase("LogConfig").ignoringCase("Config"), "LogConfig.Config")
        host.storageDriver = text("StorageDriver")
        host.extraHosts = try strings("ExtraHosts")
        host.dns = try strings("Dns")
        host.dnsSearch = try strings("DnsSearch")
        host.dnsOptions = try strings("DnsOptions")
        host.shmSize = body.ignoringCase("ShmSize").integer
        host.sysctls = try CreateRequest.map(body.ignoringCase("Sysctls"), "Sysctls")
        host.groups = try strings("GroupAdd")
        host.oomScoreAdjustment = Int(body.ignoringCase("OomScoreAdj").integer)
        host.devices = devices(body.ignoringCase("Devices"))
        host.maskedPaths = body.ignoringCase("MaskedPaths").isNull ? nil : try strings("MaskedPaths")
        host.readOnlyPaths = body.ignoringCase("ReadonlyPaths").isNull ? nil : try strings("ReadonlyPaths")
        host.ipcMode = try mode("IpcMode", text("IpcMode"), ["", "private", "shareable", "host", "none"])
        host.pidMode = try mode("PidMode", text("PidMode"), ["", "host", "private"])
        host.utsMode = try mode("UTSMode", text("UTSMode"), ["", "host", "private"])
        host.cgroupnsMode = try mode("CgroupnsMode", text("CgroupnsMode"), ["", "private", "host"])
        let size = body.ignoringCase("ConsoleSize").array.map { Int($0.integer) }
        if size.count == 2 { host.consoleSize = size }
        host.containerIDFile = text("ContainerIDFile")
        host.volumesFrom = try strings("VolumesFrom")
        host.volumeDriver = text("VolumeDriver")
        if !["", "host"].contains(text("UsernsMode")) { throw EngineError(.invalidArgument, "invalid USER mode: \(text("UsernsMode"))") }
        if !body.ignoringCase("Links").array.isEmpty { throw EngineError(.unsupported, "links between containers are not supported: use a network") }
        return host
    }

    private static func mode(_ name: String, _ value: String, _ known: Set<String>) throws(EngineError) -> String {
        guard known.contains(value) else {
            throw EngineError(.invalidArgument, "invalid \(name): \(value): this engine knows \(known.filter { !$0.isEmpty }.sorted().joined(separator: ", "))")
        }
        return value
    }

    private static func portBindings(_ body: JSONValue) throws(EngineError) -> [PortBinding] {
        var result: [PortBinding] = []
        for member in body.entries {
            let port = try CreateRequest.port(member.key)
            for entry in member.value.array.isEmpty ? [[:]] : member.value.array {
                result.append(PortBinding(container: port, hostAddress: entry.ignoringCase("HostIp").string, hostPort: try number(entry.ignoringCase("HostPort").string)))
            }
        }
        return result
    }

    /// A range stands for any port of it; the first one is taken.
    private static func number(_ text: String) throws(EngineError) -> UInt16 {
        let first = text.split(separator: "-").first.map(String.init) ?? text
        if first.isEmpty { return 0 }
        guard let number = UInt16(first) else { throw EngineError(.invalidArgument, "invalid port specification: \"\(text)\"") }
        return number
    }

    private static func restartPolicy(_ body: JSONValue) throws(EngineError) -> RestartPolicy {
        let name = body.ignoringCase("Name").string
        guard let known = name.isEmpty ? .no : RestartPolicy.Name(rawValue: name) else {
            throw EngineError(.invalidArgument, "invalid restart policy: unknown policy '\(name)'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'")
        }
        return RestartPolicy(known, maximumRetryCount: Int(body.ignoringCase("MaximumRetryCount").integer))
    }

    private static func resources(_ body: JSONValue) throws(EngineError) -> Resources {
        var result = Resources()
        func number(_ key: String) -> Int64 { body.ignoringCase(key).integer }
        result.memory = number("Memory")
        result.memoryReservation = number("MemoryReservation")
        result.memorySwap = number("MemorySwap")
        result.memorySwappiness = body.ignoringCase("MemorySwappiness").isNull ? nil : number("MemorySwappiness")
        result.oomKillDisabled = body.ignoringCase("OomKillDisable").bool
        result.nanoCPUs = number("NanoCpus")
        result.cpuShares = number("CpuShares")
        result.cpuPeriod = number("CpuPeriod")
        result.cpuQuota = number("CpuQuota")
        result.cpusetCPUs = body.ignoringCase("CpusetCpus").string
        result.cpusetMemories = body.ignoringCase("CpusetMems").string
        result.pidsLimit = body.ignoringCase("PidsLimit").isNull ? nil : number("PidsLimit")
        result.blkioWeight = Int(number("BlkioWeight"))
        for limit in body.ignoringCase("Ulimits").array {
            result.ulimits.append(Ulimit(name: limit.ignoringCase("Name").string, soft: limit.ignoringCase("Soft").integer, hard: limit.ignoringCase("Hard").integer))
        }
        if result.memory < 0 || result.nanoCPUs < 0 { throw EngineError(.invalidArgument, "invalid resources: memory and CPUs can't be negative") }
        return result
    }

    private static func devices(_ body: JSONValue) -> [DeviceRequest] {
        body.array.map { device in
            let path = device.ignoringCase("PathInContainer").string, access = device.ignoringCase("CgroupPermissions").string
            let host = device.ignoringCase("PathOnHost").string
            return DeviceRequest(hostPath: host, containerPath: path.isEmpty ? host : path, permissions: access.isEmpty ? "rwm" : access)
        }
    }

    private static func mount(_ body: JSONValue) throws(EngineError) -> MountRequest {
        let type = body.ignoringCase("Type").string
        guard let kind = MountRequest.Kind(rawValue: type) else {
            throw EngineError(.invalidArgument, "invalid mount config for type \"\(type)\": mount type unknown: \"\(type)\"")
        }
        var mount = MountRequest(kind: kind, source: body.ignoringCase("Source").string, target: body.ignoringCase("Target").string)
        guard !mount.target.isEmpty else { throw EngineError(.invalidArgument, "invalid mount config for type \"\(type)\": field Target must not be empty") }
        if kind == .bind && mount.source.isEmpty {
            throw EngineError(.invalidArgument, "invalid mount config for type \"bind\": field Source must not be empty")
        }
        if kind == .tmpfs && !mount.source.isEmpty {
            throw EngineError(.invalidArgument, "invalid mount config for type \"tmpfs\": field Source must not be specified")
        }
        mount.readOnly = body.ignoringCase("ReadOnly").bool
        mount.propagation = body.ignoringCase("BindOptions").ignoringCase("Propagation").string
        mount.createSource = body.ignoringCase("BindOptions").ignoringCase("CreateMountpoint").bool
        let volume = body.ignoringCase("VolumeOptions")
        mount.noCopy = volume.ignoringCase("NoCopy").bool
        mount.volumeLabels = try CreateRequest.map(volume.ignoringCase("Labels"), "Labels")
        mount.volumeDriver = volume.ignoringCase("DriverConfig").ignoringCase("Name").string
        mount.volumeOptions = try CreateRequest.map(volume.ignoringCase("DriverConfig").ignoringCase("Options"), "Options")
        mount.tmpfsSize = body.ignoringCase("TmpfsOptions").ignoringCase("SizeBytes").integer
        mount.tmpfsMode = UInt32(clamping: body.ignoringCase("TmpfsOptions").ignoringCase("Mode").integer)
        return mount
    }
}

/// "source:target[:options]" of `-v`.
enum BindText {
    static func parse(_ text: String) throws(EngineError) -> MountRequest {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), !parts.contains("") else {
            throw EngineError(.invalidArgument, "invalid volume specification: '\(text)'")
        }
        guard parts.count > 1 else { return MountRequest(kind: .volume, target: parts[0]) }
        let isPath = parts[0].hasPrefix("/")
        guard parts[1].hasPrefix("/") else {
            throw EngineError(
                .invalidArgument,
                "invalid volume specification: '\(text)': invalid mount config for type \"\(isPath ? "bind" : "volume")\": invalid mount path: '\(parts[1])' mount path must be absolute")
        }
        var mount = MountRequest(kind: isPath ? .bind : .volume, source: parts[0], target: parts[1], createSource: true)
        for option in parts.count == 3 ? parts[2].split(separator: ",").map(String.init) : [] {
            switch option {
            case "ro": mount.readOnly = true
            case "rw", "z", "Z", "consistent", "cached", "delegated": break
            case "nocopy": mount.noCopy = true
            case "private", "rprivate", "slave", "rslave", "shared", "rshared": mount.propagation = option
            default: throw EngineError(.invalidArgument, "invalid volume specification: '\(text)': invalid mode: \(option)")
            }
        }
        return mount
    }
}
