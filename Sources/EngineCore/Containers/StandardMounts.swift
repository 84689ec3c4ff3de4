import CLinux
import ContainerRuntime
import Glibc

/// What every container sees besides its image: Docker's mounts, devices, masked and read-only paths.
enum StandardMounts {
    static let secure = UInt64(MS_NOSUID | MS_NOEXEC | MS_NODEV)

    /// - Parameters:
    ///   - shm: bytes of /dev/shm, 0: the host's own.
    static func list(privileged: Bool, sharesIPC: Bool, shm: Int64) -> [MountSpecification] {
        let readOnly = privileged ? 0 : UInt64(MS_RDONLY)
        var mounts = [
            MountSpecification(.plain, type: "proc", source: "proc", target: "/proc", flags: secure),
            MountSpecification(.plain, type: "tmpfs", source: "tmpfs", target: "/dev", options: "mode=755,size=65536k", flags: UInt64(MS_NOSUID | MS_STRICTATIME)),
            MountSpecification(.plain, type: "devpts", source: "devpts", target: "/dev/pts", options: "newinstance,ptmxmode=0666,mode=0620,gid=5", flags: UInt64(MS_NOSUID | MS_NOEXEC)),
            MountSpecification(.plain, type: "sysfs", source: "sysfs", target: "/sys", flags: secure | readOnly),
            MountSpecification(.cgroups, source: "cgroup", target: "/sys/fs/cgroup", flags: secure | readOnly),
        ]
        if sharesIPC {
            mounts.append(MountSpecification(.bind, source: "/dev/shm", target: "/dev/shm", flags: bind))
            mounts.append(MountSpecification(.plain, type: "mqueue", source: "mqueue", target: "/dev/mqueue", flags: secure))
        } else {
            mounts.append(MountSpecification(.plain, type: "mqueue", source: "mqueue", target: "/dev/mqueue", flags: secure))
            mounts.append(MountSpecification(.plain, type: "tmpfs", source: "shm", target: "/dev/shm", options: "mode=1777,size=\(shm)", flags: secure))
        }
        return mounts
    }

    static let bind = UInt64(MS_BIND | MS_REC)

    static let devices: [DeviceSpecification] = [
        ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
    ].map { DeviceSpecification(path: "/dev/\($0.0)", mode: 0o020666, major: $0.1, minor: $0.2) }

    static let masked = [
        "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
        "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
    ]
    static let readOnly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
}
