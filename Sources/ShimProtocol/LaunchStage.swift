/// Where the start of a process failed: the launcher's `gantry_stage`.
public enum LaunchStage: Int64, Sendable {
    case none = 0, clone, namespace, mount, root, device, sysctl, cgroup, terminal, user, limit, directory, privileges, exec, sync
}
