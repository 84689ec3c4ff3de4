import EngineWire

/// The half of the body that is about the host.
extension ContainerBody {
    func host(_ ports: Ports) throws(Refusal) -> JSONValue {
        var host: JSONValue = [
            "Binds": try bindsJSON(),
            "LogConfig": ["Type": .string(flags["log-driver"]), "Config": JSONValue(Pairs.map(flags.list("log-opt")))],
            "NetworkMode": .string(try flags.list("network").first.map { text throws(Refusal) in try NetworkFlag(text).name } ?? "default"),
            "PortBindings": ports.bindingsJSON,
            "RestartPolicy": try RestartFlag.parse(flags.optional("restart") ?? "no"),
            "AutoRemove": .bool(flags.bool("rm")), "Privileged": .bool(flags.bool("privileged")),
            "PublishAllPorts": .bool(flags.bool("publish-all")), "ReadonlyRootfs": .bool(flags.bool("read-only")),
            "IpcMode": .string(flags["ipc"]), "PidMode": .string(flags["pid"]), "UTSMode": .string(flags["uts"]),
            "UsernsMode": .string(flags["userns"]), "CgroupnsMode": .string(flags["cgroupns"]),
            "CgroupParent": .string(flags["cgroup-parent"]), "VolumeDriver": .string(flags["volume-driver"]),
            "Dns": JSONValue(flags.list("dns")), "DnsOptions": JSONValue(flags.list("dns-option")),
            "DnsSearch": JSONValue(flags.list("dns-search")),
        ]
        lists(&host)
        resources(&host)
        try parsed(&host)
        return host
    }

    private func bindsJSON() throws(Refusal) -> JSONValue {
        let binds = try volumes().compactMap(\.bind)
        return binds.isEmpty ? .null : JSONValue(binds)
    }

    private func lists(_ host: inout JSONValue) {
        let lists = [
            ("cap-add", "CapAdd"), ("cap-drop", "CapDrop"), ("group-add", "GroupAdd"), ("volumes-from", "VolumesFrom"),
        ]
        for (flag, key) in lists where flags.isSet(flag) { host[key] = JSONValue(flags.list(flag)) }
        if flags.isSet("add-host") {
            // "host=ip" is the newer spelling of "host:ip".
            host["ExtraHosts"] = JSONValue(
                flags.list("add-host").map { text in
                    guard let sign = text.firstIndex(of: "="), !text[..<sign].contains(":") else { return text }
                    return "\(text[..<sign]):\(text[text.index(after: sign)...])"
                })
        }
        for (flag, key) in [("sysctl", "Sysctls"), ("storage-opt", "StorageOpt"), ("annotation", "Annotations")] where flags.isSet(flag) {
            host[key] = JSONValue(Pairs.map(flags.list(flag)))
        }
        for (flag, key) in [("runtime", "Runtime"), ("storage-driver", "StorageDriver")] where flags.isSet(flag) {
            host[key] = .string(flags[flag])
        }
        if flags.isSet("init") { host["Init"] = .bool(flags.bool("init")) }
    }

    private func resources(_ host: inout JSONValue) {
        let sizes = [
            ("memory", "Memory"), ("memory-swap", "MemorySwap"), ("memory-reservation", "MemoryReservation"), ("shm-size", "ShmSize"),
        ]
        for (flag, key) in sizes { if let size = flags.size(flag) { host[key] = .integer(size) } }
        let numbers = [
            ("cpu-shares", "CpuShares"), ("cpu-period", "CpuPeriod"), ("cpu-quota", "CpuQuota"), ("pids-limit", "PidsLimit"),
            ("oom-score-adj", "OomScoreAdj"), ("memory-swappiness", "MemorySwappiness"),
        ]
        for (flag, key) in numbers { if let number = flags.integer(flag) { host[key] = .integer(number) } }
        if let cpus = flags.optional("cpus").flatMap(Decimals.nano) { host["NanoCpus"] = .integer(cpus) }
        for (flag, key) in [("cpuset-cpus", "CpusetCpus"), ("cpuset-mems", "CpusetMems")] where flags.isSet(flag) {
            host[key] = .string(flags[flag])
        }
        if flags.isSet("oom-kill-disable") { host["OomKillDisable"] = .bool(flags.bool("oom-kill-disable")) }
    }

    private func parsed(_ host: inout JSONValue) throws(Refusal) {
        var mounts: [JSONValue] = [], ulimits: [JSONValue] = [], devices: [JSONValue] = [], security: [String] = []
        for text in flags.list("mount") {
            do { mounts.append(try MountFlag.parse(text)) } catch {
                throw Refusal("invalid argument \"\(text)\" for \"--mount\" flag: \(error)")
            }
        }
        for text in flags.list("ulimit") { ulimits.append(try Ulimit.parse(text)) }
        for text in flags.list("device") { devices.append(try DeviceFlag.parse(text)) }
        for text in flags.list("security-opt") { security.append(try Self.securityOption(text)) }
        if !mounts.isEmpty { host["Mounts"] = .array(mounts) }
        if !ulimits.isEmpty { host["Ulimits"] = .array(ulimits) }
        if !devices.isEmpty { host["Devices"] = .array(devices) }
        if !security.isEmpty { host["SecurityOpt"] = JSONValue(security) }
        if flags.isSet("tmpfs") {
            host["Tmpfs"] = .object(
                flags.list("tmpfs").map { text in
                    let path = text.prefix { $0 != ":" }
                    return .init(key: String(path), value: .string(String(text.dropFirst(path.count + 1))))
                })
        }
    }

    /// The engine does not see our files: a seccomp profile goes with the request.
    private static func securityOption(_ text: String) throws(Refusal) -> String {
        guard let sign = text.firstIndex(where: { $0 == "=" || $0 == ":" }), text[..<sign] == "seccomp" else {
            guard text.contains("=") || text.contains(":") || text == "no-new-privileges" else { throw Refusal("Invalid --security-opt: \"\(text)\"") }
            return text
        }
        let value = String(text[text.index(after: sign)...])
        if ["unconfined", "builtin"].contains(value) { return "seccomp=\(value)" }
        let bytes: [UInt8]
        do { bytes = try TextFile.bytes(value) } catch { throw Refusal("opening seccomp profile (\(value)) failed: \(error)") }
        do { return "seccomp=\(try JSONValue(parsing: bytes).text)" } catch {
            throw Refusal("compacting json for seccomp profile (\(value)) failed: \(error)")
        }
    }
}
