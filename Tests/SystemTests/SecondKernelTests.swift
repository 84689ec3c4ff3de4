import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Containers under cgroup v2, which this machine's own kernel may not have. The second kernel's nf_tables has no family
/// `ip` (user-mode-linux 6.1 of Debian 12), so bridges with NAT are not for here.
@Suite("cgroup v2, in a second kernel", .enabled(if: Shared.isRoot), .serialized)
struct SecondKernelTests {
    /// Each check is a line: its name, and a shell condition.
    static let checks: [(name: String, condition: String)] = [
        ("info knows the version", #"[ "$(g info --format '{{.CgroupVersion}}')" = 2 ]"#),
        ("a container runs without network", #"[ "$(g run --rm --network none busybox echo hello)" = hello ]"#),
        ("a container runs in the host's network", #"g run --rm --network host busybox ip addr show lo | grep -q 127.0.0.1"#),
        ("it has a cgroup of its own", #"g run --rm --network none busybox cat /proc/self/cgroup | grep -qx 0::/"#),
        ("memory, swap, CPU, pids and weights are written", #"[ "$(in_cgroup limited 'cat memory.max cpu.max pids.max cpu.weight memory.low')" = "67108864 50000 100000 20 20 33554432" ]"#),
        ("a process over its memory is killed", #"status "g run --network none --name hungry -m 16m --memory-swap 16m busybox dd if=/dev/zero of=/dev/shm/x bs=1M count=60" 137"#),
        ("and inspect says so", #"[ "$(g inspect --format '{{.State.OOMKilled}} {{.State.ExitCode}}' hungry)" = "true 137" ]"#),
        ("no more processes than allowed", #"g run --rm --network none --pids-limit 4 busybox sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; echo all' 2>&1 | grep -qi 'can.t fork'"#),
        ("exec joins the cgroup", #"g exec limited cat /proc/self/cgroup | grep -qx 0::/ && [ "$(in_cgroup limited 'cat pids.current')" -ge 1 ]"#),
        ("pause freezes", #"g pause limited >/dev/null && [ "$(in_cgroup limited 'cat cgroup.freeze')" = 1 ] && [ "$(g inspect --format '{{.State.Status}}' limited)" = paused ]"#),
        ("unpause goes on", #"g unpause limited >/dev/null && [ "$(in_cgroup limited 'cat cgroup.freeze')" = 0 ] && g exec limited true"#),
        (
            "a device that is not allowed is refused",
            #"! g run --rm --network none busybox sh -c 'mknod /tmp/d b 98 0 && cat /tmp/d >/dev/null' 2>/dev/null && g run --rm --network none busybox sh -c 'mknod /tmp/d b 98 0 && ! dd if=/tmp/d of=/dev/null count=1 2>&1' | grep -q 'not permitted'"#
        ),
        ("harmless ones are allowed", #"g run --rm --network none busybox sh -c 'echo x >/dev/null && head -c 4 /dev/urandom | wc -c' | grep -qx 4"#),
        (
            "--device allows one",
            #"[ "$(g run --rm --network none --device /dev/ubda:/dev/disk:r busybox sh -c 'dd if=/dev/disk of=/dev/null count=1 2>/dev/null && echo read; echo x 2>/dev/null >/dev/disk || echo no write' | tr '\n' ' ')" = "read no write " ]"#
        ),
        ("--privileged allows all", #"g run --rm --network none --privileged busybox sh -c 'mknod /tmp/d b 98 0 && dd if=/tmp/d of=/dev/null count=1 2>/dev/null'"#),
        ("kill ends everything inside", #"g exec -d limited sh -c 'sleep 10000 & sleep 10000' && g kill limited >/dev/null && [ "$(g wait limited)" = 137 ]"#),
        (
            "a server in the host's network answers",
            #"g run -d --name web --network host busybox httpd -f -p 8080 -h /www >/dev/null && curl -s -m 30 --retry 30 --retry-connrefused http://127.0.0.1:8080/ | grep -q hello"#
        ),
        ("the next daemon takes a running container back", #"kill -9 $daemon; start_daemon; [ "$(g inspect --format '{{.State.Running}}' web)" = true ] && g exec web true"#),
        ("stop", #"g stop -t 1 web >/dev/null"#),
        ("nothing is left in the hierarchy", #"g rm -f web limited hungry >/dev/null; [ -z "$(find /sys/fs/cgroup/gantry -mindepth 1 -type d 2>/dev/null)" ]"#),
    ]

    static let script = """
        bin=\(Engine.bin)
        export GANTRY_HOST=unix:///run/g.sock GANTRY_DRIVER_CHECKS=off
        g() { "$bin/gantry" "$@"; }
        start_daemon() {
            "$bin/gantryd" --data-root /mnt/data --exec-root /run/gantry --pidfile /run/g.pid --config-file /dev/null --host unix:///run/g.sock --bridge gtest0 --bip 172.31.0.1/24 >>/mnt/log 2>&1 &
            daemon=$!
            for i in $(seq 200); do g version >/dev/null 2>&1 && return; sleep 0.3; done
            echo "the daemon did not start"; cat /mnt/log
        }
        # Files of a container's cgroup, their lines joined.
        in_cgroup() { (cd /sys/fs/cgroup/gantry/*/$(g inspect --format '{{.Id}}' $1) 2>/dev/null || cd /sys/fs/cgroup/gantry/$(g inspect --format '{{.Id}}' $1) && eval "$2") | tr '\\n' ' ' | sed 's/ $//'; }
        status() { eval "$1" >/dev/null 2>/tmp/errors; [ $? = $2 ]; }
        start_daemon
        tree=/tmp/busybox; mkdir -p $tree/bin $tree/etc $tree/tmp $tree/www
        cp /bin/busybox $tree/bin/; for n in $(/bin/busybox --list); do [ $n = busybox ] || ln -sf busybox $tree/bin/$n; done
        echo root:x:0:0:root:/:/bin/sh >$tree/etc/passwd; echo hello >$tree/www/index.html
        tar -C $tree -cf - . | g import - busybox:latest
        g run -d --network none --name limited -m 64m --memory-reservation 32m --cpus 0.5 --pids-limit 20 --cpu-shares 512 busybox sleep 10000
        \(checks.enumerated().map { "if \($1.condition); then echo \"check \($0) passed\"; else echo \"check \($0) failed\"; cat /tmp/errors 2>/dev/null; fi" }.joined(separator: "\n"))
        tail -20 /mnt/log
        """

    @Test("limits, devices, freezing, killing and clean-up")
    func containers() {
        let disk = "/var/tmp/gantry-test-disk-\(getpid())"
        let made = Command.run(["sh", "-c", "truncate -s 512M \(disk) && mkfs.ext4 -q \(disk)"])
        #expect(made.status == 0, "\(made.everything)")
        defer { unlink(disk) }
        let result = SecondKernel(Self.script, disk: disk).finish(seconds: 400)
        // Not whole lines: the kernel writes to the console as well.
        let failed = Self.checks.enumerated().filter { !result.output.contains("check \($0.offset) passed") }
        for (_, check) in failed { Issue.record("\(check.name)") }
        #expect(failed.isEmpty, "\(result.output)\n\(result.errors)")
    }
}
