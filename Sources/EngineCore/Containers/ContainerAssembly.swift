import CLinux
import ContainerRuntime
import DriverHost
import DriverKit
import EngineErrors
import EngineModel
import Glibc
import LinuxSystem

/// Turns what the user asked for into what the runtime executes.
struct ContainerAssembly {
    let container: ContainerSnapshot
    let defaults: ContainerDefaults
    /// Of the container's network.
    let network: DriverCapabilities?
    /// pid of the container whose network is shared; 0: none.
    let networkOf: Int32
    let rootMounts: [Mount]
    /// What the volume drivers say, by volume.
    let volumeMounts: [String: [Mount]]
    let logDriver: LogDriverReference
    /// `hosts`, `hostname` and `resolv.conf`.
    let directory: String
    /// Where its log driver keeps what it writes.
    let logDirectory: String
    let cgroup: String

    private var host: HostConfiguration { container.host }
    private var configuration: ContainerConfiguration { container.configuration }
    private var usesHostNetwork: Bool { network?.contains(.hostNamespace) ?? false }

    func specification() throws(EngineError) -> ContainerSpecification {
        var result = ContainerSpecification(id: container.id)
        let security = try SecurityOptions(host.securityOptions)
        result.process = try process(security)
        result.namespaces = namespaces
        result.newCgroupNamespace = host.cgroupnsMode != "host"
        result.networkOf = networkOf
        result.rootMounts = rootMounts.map { MountSpecification($0, target: "/") }
        result.mounts = try mounts()
        result.devices = StandardMounts.devices + (try devices())
        let open = host.privileged || security.unmasksPaths
        result.masked = open ? [] : host.maskedPaths ?? StandardMounts.masked
        result.readOnlyPaths = open ? [] : host.readOnlyPaths ?? StandardMounts.readOnly
        result.sysctls = try sysctls()
        result.hostname = configuration.hostname
        result.domainName = configuration.domainName
        result.readOnlyRoot = host.readOnlyRoot
        result.oomScoreAdjustment = host.oomScoreAdjustment
        result.cgroup = cgroup
        result.mark = defaults.mark
        result.log = Self.log(container, logDriver, defaults, directory: logDirectory)
        return result
    }

    private var namespaces: UInt64 {
        var flags = UInt64(CLONE_NEWNS)
        if host.utsMode != "host" && !(usesHostNetwork && configuration.hostname.isEmpty) { flags |= UInt64(CLONE_NEWUTS) }
        if host.ipcMode != "host" { flags |= UInt64(CLONE_NEWIPC) }
        if host.pidMode != "host" { flags |= UInt64(CLONE_NEWPID) }
        if !usesHostNetwork && networkOf == 0 { flags |= UInt64(CLONE_NEWNET) }
        return flags
    }

    private func process(_ security: SecurityOptions) throws(EngineError) -> ProcessSpecification {
        var process = ProcessSpecification()
        process.arguments = (host.useInit ? ["/sbin/docker-init", "--"] : []) + container.arguments
        process.environment = ConfigurationMerge.environment(
            ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=\(configuration.hostname)"],
            configuration.tty ? ["TERM=xterm"] : [], configuration.environment)
        process.directory = configuration.workingDirectory.isEmpty ? "/" : configuration.workingDirectory
        process.makeDirectory = true
        process.user = configuration.user
        process.groups = host.groups
        process.noNewPrivileges = security.noNewPrivileges
        process.terminal = configuration.tty
        process.openInput = configuration.openStdin
        process.inputOnce = configuration.stdinOnce
        process.rows = UInt16(clamping: host.consoleSize.first ?? 0)
        process.columns = UInt16(clamping: host.consoleSize.last ?? 0)
        for limit in host.resources.ulimits { process.limits.append(try Limits.specification(limit)) }
        try Confinement.apply(host, security, to: &process)
        return process
    }

    private func mounts() throws(EngineError) -> [MountSpecification] {
        var list = StandardMounts.list(privileged: host.privileged, sharesIPC: host.ipcMode == "host", shm: host.shmSize)
        let own = Set(container.mounts.map(\.target))
        for name in ["resolv.conf", "hostname", "hosts"] where !own.contains("/etc/\(name)") {
            list.append(MountSpecification(.bind, source: "\(directory)/\(name)", target: "/etc/\(name)", flags: StandardMounts.bind, propagation: UInt64(MS_PRIVATE | MS_REC), targetIsFile: true))
        }
        if host.useInit {
            list.append(MountSpecification(.bind, source: defaults.initPath, target: "/sbin/docker-init", flags: StandardMounts.bind, targetIsFile: true, readOnly: true))
        }
        for (target, options) in host.tmpfs {
            let parsed = try MountOptions(tmpfs: options)
            list.append(MountSpecification(.plain, type: "tmpfs", source: "tmpfs", target: try MountTarget.check(target), options: parsed.data.joined(separator: ","), flags: parsed.flags))
        }
        for request in host.mounts where request.kind == .tmpfs { list.append(try tmpfs(request)) }
        for point in container.mounts { list += try user(point) }
        // Parents first, whatever the order they were written in; the standard ones come first in any case.
        let standard = StandardMounts.list(privileged: host.privileged, sharesIPC: host.ipcMode == "host", shm: host.shmSize).count
        return Array(list[..<standard]).filter { mount in !own.contains(mount.target) && host.tmpfs[mount.target] == nil }
            + list[standard...].sorted { $0.target.split(separator: "/").count < $1.target.split(separator: "/").count }
    }

    private func tmpfs(_ request: MountRequest) throws(EngineError) -> MountSpecification {
        var options = request.tmpfsSize > 0 ? ["size=\(request.tmpfsSize)"] : []
        options.append("mode=\(String(request.tmpfsMode == 0 ? 0o1777 : request.tmpfsMode, radix: 8))")
        let flags = StandardMounts.secure | (request.readOnly ? UInt64(MS_RDONLY) : 0)
        return MountSpecification(.plain, type: "tmpfs", source: "tmpfs", target: try MountTarget.check(request.target), options: options.joined(separator: ","), flags: flags)
    }

    private func user(_ point: MountPoint) throws(EngineError) -> [MountSpecification] {
        let propagation = try MountOptions.propagation(point.propagation)
        if point.kind == .volume, let mounts = volumeMounts[point.name] {
            return mounts.map { mount in
                var result = MountSpecification(mount, target: point.target)
                result.propagation = propagation
                result.readOnly = !point.writable
                return result
            }
        }
        var status = stat()
        let isFile = stat(point.source, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
        return [
            MountSpecification(.bind, source: point.source, target: point.target, flags: StandardMounts.bind, propagation: propagation, targetIsFile: isFile, readOnly: !point.writable)
        ]
    }

    private func devices() throws(EngineError) -> [DeviceSpecification] {
        var result: [DeviceSpecification] = []
        if host.privileged { result += HostDevices.all() }
        for request in host.devices { result += try HostDevices.find(request) }
        return result
    }

    private func sysctls() throws(EngineError) -> [String] {
        var settings = host.sysctls
        // Docker's default: ports below 1024 for everybody in a network namespace of its own.
        if namespaces & UInt64(CLONE_NEWNET) != 0 {
            settings["net.ipv4.ip_unprivileged_port_start"] = settings["net.ipv4.ip_unprivileged_port_start"] ?? "0"
            settings["net.ipv4.ping_group_range"] = settings["net.ipv4.ping_group_range"] ?? "0 2147483647"
        }
        for name in settings.keys {
            let isAllowed = name.hasPrefix("net.") ? !usesHostNetwork : name.hasPrefix("kernel.shm") || name.hasPrefix("kernel.msg") || name == "kernel.sem" || name.hasPrefix("fs.mqueue.")
            guard isAllowed, !name.contains("/") else {
                throw EngineError(.invalidArgument, "sysctl \"\(name)\" is not in a separate kernel namespace")
            }
        }
        return settings.map { "\($0.key)=\($0.value)" }
    }

    static func log(_ container: ContainerSnapshot, _ driver: LogDriverReference, _ defaults: ContainerDefaults, directory: String) -> LogSpecification {
        LogSpecification(
            driverPath: driver.path, stateDirectory: directory, options: driver.options, labels: logLabels(container),
            checksOwnership: defaults.checksOwnership, host: driver.host ?? "", buffer: driver.buffer)
    }

    private static func logLabels(_ container: ContainerSnapshot) -> [String: String] {
        let configuration = container.configuration
        var labels = configuration.labels
        labels["gantry.container.name"] = container.name
        labels["gantry.image.name"] = configuration.image
        labels["gantry.image.id"] = container.imageID
        guard container.host.logOptions.keys.contains(where: { $0.hasPrefix("env") }) else { return labels }
        for variable in configuration.environment {
            let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            labels["gantry.env.\(parts[0])"] = parts.count > 1 ? String(parts[1]) : ""
        }
        return labels
    }
}

extension MountSpecification {
    /// A driver's mount at a place of the container.
    init(_ mount: Mount, target: String) {
        let isBind = mount.flags & UInt64(MS_BIND) != 0
        self.init(isBind ? .bind : .plain, type: mount.type, source: mount.source, target: target, options: mount.options, base: mount.base, flags: mount.flags)
    }
}
