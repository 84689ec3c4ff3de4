import Glibc
import LinuxSystem

/// Debian's user-mode Linux: another kernel, booted in a second as an ordinary process, for what this machine's own
/// kernel can't show (cgroup v2 alone) and for power cuts. The host's file tree is its root; `disk`, an image file, is
/// its /dev/ubda. See user-mode-linux(1).
public final class SecondKernel {
    private let folder: String
    private let child: Child

    /// Boots it and runs `script` with sh as its first process; it powers off when the script ends.
    ///
    /// - Parameters:
    ///   - disk: an image of `fileSystem`, mounted on /mnt in the guest; nil: a tmpfs.
    ///   - memory: as its command line takes it, "1G".
    public init(_ script: String, disk: String? = nil, fileSystem: String = "ext4", memory: String = "1G") {
        var template = Array("/var/tmp/gantry-kernel-XXXXXX".utf8CString)
        folder = String(cString: mkdtemp(&template))
        let start = "\(folder)/init"
        try? Files.replace(
            start,
            with: Array(Self.prelude(disk == nil ? "mount -t tmpfs mnt /mnt" : "modprobe -q -d /tmp/modules \(fileSystem); mount -t \(fileSystem) /dev/ubda /mnt").utf8) + Array(script.utf8)
                + Array(Self.end.utf8), mode: 0o700)
        // The pid namespace takes its helper processes along when it is killed.
        child = Child(
            [
                "unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc", "linux.uml", "mem=\(memory)", "root=/dev/root", "rootfstype=hostfs", "rw", "init=\(start)", "con=null", "con0=fd:0,fd:1",
                "quiet", "uml_dir=\(folder)/",
            ]
                + (disk.map { ["ubd0=\($0)"] } ?? []),
            environment: ["HOME": folder])
    }

    deinit { try? Files.removeTree(folder) }

    /// Waits for the power-off.
    public func finish(seconds: Int) -> Command { child.finish(seconds: seconds) }

    /// Waits for a word on the console.
    public func waitForOutput(_ wanted: String, seconds: Int) -> Bool { waitForOutput(wanted, milliseconds: seconds * 1000) }
    public func waitForOutput(_ wanted: String, milliseconds: Int) -> Bool { child.waitForOutput(wanted, milliseconds: milliseconds) }

    /// A power cut: nothing is flushed, nothing is told.
    public func cut() -> Command {
        child.signal(SIGKILL)
        return child.finish(seconds: 10)
    }

    /// As a machine with cgroup v2 alone looks.
    private static func prelude(_ mount: String) -> String {
        """
        #!/bin/sh
        export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
        mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs tmp /run; mount -t tmpfs tmp /tmp
        mkdir -p /dev/pts /dev/shm /dev/mqueue; mount -t devpts devpts /dev/pts -o ptmxmode=666; mount -t tmpfs shm /dev/shm
        mount -t cgroup2 cgroup2 /sys/fs/cgroup
        mkdir -p /tmp/modules/lib; ln -s /usr/lib/uml/modules /tmp/modules/lib/modules
        for module in overlay loop bridge veth macvlan dummy nf_tables nft_chain_nat nft_nat nft_masq nft_ct; do modprobe -q -d /tmp/modules $module; done
        mknod -m 600 /dev/ubda b 98 0 2>/dev/null
        \(mount) || echo "/mnt could not be mounted"
        ip link set lo up

        """
    }

    private static let end = """

        sync
        umount /mnt 2>/dev/null
        echo o >/proc/sysrq-trigger
        sleep 10

        """
}
