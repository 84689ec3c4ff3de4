import ShimProtocol

extension ProcessSpecification {
    func encode(into fields: inout Fields) {
        fields.add(.argument, arguments)
        fields.add(.environment, environment)
        fields.add(.directory, directory)
        fields.add(.user, user)
        fields.add(.group, groups)
        fields.add(.bounding, Int64(bitPattern: bounding))
        fields.add(.effective, Int64(bitPattern: effective))
        if !seccomp.isEmpty { fields.add(.seccomp, seccomp) }
        fields.add(.noNewPrivileges, noNewPrivileges)
        fields.add(.terminal, terminal)
        fields.add(.rows, Int64(rows))
        fields.add(.columns, Int64(columns))
        fields.add(.openInput, openInput)
        fields.add(.inputOnce, inputOnce)
        fields.add(.makeDirectory, makeDirectory)
        for limit in limits {
            var group = Fields()
            group.add(.resource, Int64(limit.resource))
            group.add(.soft, Int64(bitPattern: limit.soft))
            group.add(.hard, Int64(bitPattern: limit.hard))
            fields.add(.limit, group)
        }
    }
}

extension MountSpecification {
    var fields: Fields {
        var fields = Fields()
        fields.add(.kind, kind.rawValue)
        fields.add(.type, type)
        fields.add(.source, source)
        fields.add(.target, target)
        fields.add(.options, options)
        fields.add(.base, base)
        fields.add(.flags, Int64(bitPattern: flags))
        fields.add(.propagation, Int64(bitPattern: propagation))
        fields.add(.targetIsFile, targetIsFile)
        fields.add(.readOnly, readOnly)
        return fields
    }
}

extension DeviceSpecification {
    var fields: Fields {
        var fields = Fields()
        fields.add(.path, path)
        fields.add(.mode, Int64(mode))
        fields.add(.major, Int64(major))
        fields.add(.minor, Int64(minor))
        fields.add(.uid, Int64(uid))
        fields.add(.gid, Int64(gid))
        return fields
    }
}

extension StreamSelection {
    func encode(into fields: inout Fields) {
        fields.add(.wantsInput, input)
        fields.add(.wantsOutput, output)
        fields.add(.wantsError, error)
    }
}

extension ContainerSpecification {
    /// - Parameters:
    ///   - root: an empty folder to mount the root file system on.
    ///   - network: the descriptor, in the shim, of a network namespace to join; -1: none.
    func encode(into fields: inout Fields, root: String, network: Int32, cgroupFiles: [String], controllers: [String], exitFile: String) {
        process.encode(into: &fields)
        fields.add(.namespaces, Int64(bitPattern: namespaces))
        fields.add(.networkNamespace, Int64(network))
        fields.add(.root, root)
        for mount in rootMounts { fields.add(.rootMount, mount.fields) }
        for mount in mounts { fields.add(.mount, mount.fields) }
        for device in devices { fields.add(.device, device.fields) }
        fields.add(.masked, masked)
        fields.add(.readOnlyPath, readOnlyPaths)
        fields.add(.sysctl, sysctls)
        fields.add(.hostname, hostname)
        fields.add(.domain, domainName)
        fields.add(.cgroupController, controllers)
        fields.add(.readOnlyRoot, readOnlyRoot)
        fields.add(.newCgroupNamespace, newCgroupNamespace)
        fields.add(.cgroupFile, cgroupFiles)
        fields.add(.oomScore, Int64(oomScoreAdjustment))
        fields.add(.exitFile, exitFile)
        if let log { log.encode(into: &fields, name: id, mark: mark) }
    }
}

extension LogSpecification {
    func encode(into fields: inout Fields, name: String, mark: String) {
        fields.add(.logDriver, driverPath)
        fields.add(.logState, stateDirectory)
        fields.add(.logName, name)
        fields.add(.mark, mark)
        fields.add(.checksOwnership, checksOwnership)
        if !host.isEmpty { fields.add(.logHost, host) }
        if let buffer { fields.add(.logBuffer, buffer) }
        for (key, value) in options { fields.add(.logOption, "\(key)=\(value)") }
        for (key, value) in labels { fields.add(.logLabel, "\(key)=\(value)") }
    }
}
