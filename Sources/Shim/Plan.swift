import CLauncher
import Glibc
import ShimProtocol

/// The launcher's C structures, made from a message. What they point to lives as long as this object: until the clone,
/// which has a copy of its own.
final class Plan {
    private var allocations: [UnsafeMutableRawPointer] = []

    deinit { for allocation in allocations { allocation.deallocate() } }

    func sandbox(_ fields: Fields) -> gantry_sandbox {
        var sandbox = gantry_sandbox()
        let rootMounts = fields.groups(.rootMount).map(mount), mounts = fields.groups(.mount).map(mount)
        let devices = fields.groups(.device).map(device)
        sandbox.network_namespace = Int32(fields.number(.networkNamespace))
        sandbox.namespaces = UInt64(fields.number(.namespaces))
        // One that is joined is not made.
        if sandbox.network_namespace >= 0 { sandbox.namespaces &= ~UInt64(CLONE_NEWNET) }
        sandbox.root = lasting(fields.string(.root))
        sandbox.root_mounts = lasting(rootMounts)
        sandbox.root_mount_count = rootMounts.count
        sandbox.mounts = lasting(mounts)
        sandbox.mount_count = mounts.count
        sandbox.devices = lasting(devices)
        sandbox.device_count = devices.count
        sandbox.masked = UnsafePointer(list(fields.strings(.masked)))
        sandbox.read_only_paths = UnsafePointer(list(fields.strings(.readOnlyPath)))
        sandbox.sysctls = UnsafePointer(list(fields.strings(.sysctl)))
        sandbox.hostname = lasting(fields.string(.hostname))
        sandbox.domain = lasting(fields.string(.domain))
        let controllers = fields.strings(.cgroupController)
        sandbox.cgroup_controllers = controllers.isEmpty ? nil : UnsafePointer(list(controllers))
        sandbox.read_only_root = fields.flag(.readOnlyRoot) ? 1 : 0
        sandbox.new_cgroup_namespace = fields.flag(.newCgroupNamespace) ? 1 : 0
        return sandbox
    }

    /// Without its standard streams.
    func process(_ fields: Fields) -> gantry_process {
        var process = gantry_process()
        let limits = fields.groups(.limit).map(limit), filter = fields.all(.seccomp).last ?? []
        process.arguments = UnsafePointer(list(fields.strings(.argument)))
        process.environment = list(fields.strings(.environment), spare: 1)
        process.directory = lasting(fields.string(.directory))
        process.user = lasting(fields.string(.user))
        process.groups = UnsafePointer(list(fields.strings(.group)))
        process.bounding = UInt64(bitPattern: fields.number(.bounding))
        process.effective = UInt64(bitPattern: fields.number(.effective))
        if !filter.isEmpty {
            process.seccomp = UnsafeRawPointer(lasting(Array(filter)))
            process.seccomp_count = UInt16(filter.count / 8)
        }
        process.no_new_privileges = fields.flag(.noNewPrivileges) ? 1 : 0
        process.terminal = fields.flag(.terminal) ? 1 : 0
        process.limits = lasting(limits)
        process.limit_count = limits.count
        process.rows = UInt16(truncatingIfNeeded: fields.number(.rows))
        process.columns = UInt16(truncatingIfNeeded: fields.number(.columns))
        process.make_directory = fields.flag(.makeDirectory) ? 1 : 0
        process.input = -1
        process.output = -1
        process.error = -1
        return process
    }

    private func mount(_ fields: Fields) -> gantry_mount_op {
        gantry_mount_op(
            kind: gantry_mount_kind(UInt32(fields.number(.kind))), type: lasting(fields.string(.type)),
            source: lasting(fields.string(.source)), target: lasting(fields.string(.target)),
            options: lasting(fields.string(.options)), base: lasting(fields.string(.base)),
            flags: UInt64(bitPattern: fields.number(.flags)), propagation: UInt64(bitPattern: fields.number(.propagation)),
            target_is_file: fields.flag(.targetIsFile) ? 1 : 0, read_only: fields.flag(.readOnly) ? 1 : 0)
    }

    private func device(_ fields: Fields) -> gantry_device {
        gantry_device(
            path: lasting(fields.string(.path)), mode: UInt32(fields.number(.mode)), major_number: UInt32(fields.number(.major)),
            minor_number: UInt32(fields.number(.minor)), uid: UInt32(fields.number(.uid)), gid: UInt32(fields.number(.gid)))
    }

    private func limit(_ fields: Fields) -> gantry_limit {
        gantry_limit(
            resource: Int32(fields.number(.resource)), soft: UInt64(bitPattern: fields.number(.soft)),
            hard: UInt64(bitPattern: fields.number(.hard)))
    }

    private func room<T>(_ count: Int, of _: T.Type) -> UnsafeMutablePointer<T> {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<T>.stride, alignment: 16)
        allocations.append(memory)
        return memory.bindMemory(to: T.self, capacity: max(count, 1))
    }

    private func lasting(_ text: String) -> UnsafePointer<CChar>? { lasting(Array(text.utf8CString)) }

    private func lasting<T>(_ values: [T]) -> UnsafePointer<T>? {
        let copy = room(values.count, of: T.self)
        copy.initialize(from: values, count: values.count)
        return UnsafePointer(copy)
    }

    /// Ends with NULL, and `spare` more places.
    private func list(_ texts: [String], spare: Int = 0) -> UnsafeMutablePointer<UnsafePointer<CChar>?> {
        let copy = room(texts.count + 1 + spare, of: UnsafePointer<CChar>?.self)
        for (index, text) in texts.enumerated() { (copy + index).initialize(to: lasting(text)) }
        (copy + texts.count).initialize(repeating: nil, count: 1 + spare)
        return copy
    }
}
