import TestSupport
import Testing

@Suite("run: a command in a container", .enabled(if: Shared.isRoot), .serialized)
struct RunTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var arguments: [String]
        var output: String? = nil
        var status: Int32 = 0
        var error: String? = nil
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "writes to stdout", arguments: ["busybox", "echo", "hello"], output: "hello\n"),
        Case(name: "its own exit status", arguments: ["busybox", "sh", "-c", "exit 3"], output: "", status: 3),
        Case(name: "no such command", arguments: ["busybox", "nosuch"], status: 127, error: "exec: \"nosuch\": executable file not found in $PATH"),
        Case(name: "no such path", arguments: ["busybox", "/no/such"], status: 127, error: "no such file or directory"),
        Case(name: "not executable", arguments: ["busybox", "/etc/passwd"], status: 126, error: "permission denied"),
        Case(name: "a folder", arguments: ["busybox", "/etc"], status: 126, error: "is a directory"),
        Case(name: "unknown image", arguments: ["nosuch:1", "true"], status: 125, error: "nosuch:1"),
        Case(name: "unknown flag", arguments: ["--nosuch", "busybox", "true"], status: 125, error: "unknown flag: --nosuch"),
        Case(name: "environment", arguments: ["-e", "A=b c", "busybox", "sh", "-c", "echo $A $HOME"], output: "b c /root\n"),
        Case(name: "working folder, made when missing", arguments: ["-w", "/new/place", "busybox", "pwd"], output: "/new/place\n"),
        Case(name: "user by name, with groups", arguments: ["-u", "www", "busybox", "id"], output: "uid=33(www) gid=33(www) groups=33(www),44(extra)\n"),
        Case(name: "user by number", arguments: ["-u", "1000:44", "busybox", "id"], output: "uid=1000 gid=44(extra) groups=44(extra)\n"),
        Case(name: "unknown user", arguments: ["-u", "nobody9", "busybox", "id"], status: 125, error: "unable to find user nobody9: no matching entries in passwd file"),
        Case(name: "host name", arguments: ["--hostname", "ship", "busybox", "hostname"], output: "ship\n"),
        Case(name: "entrypoint", arguments: ["--entrypoint", "echo", "busybox", "a", "b"], output: "a b\n"),
        Case(name: "pid 1", arguments: ["busybox", "sh", "-c", "echo $$"], output: "1\n"),
        Case(name: "init reaps", arguments: ["--init", "busybox", "sh", "-c", "test $$ != 1 && cat /proc/1/comm"], output: "docker-init\n"),
        Case(name: "init passes the status on", arguments: ["--init", "busybox", "sh", "-c", "exit 7"], status: 7),
        Case(name: "read-only root", arguments: ["--read-only", "busybox", "sh", "-c", "touch /x || echo refused; touch /dev/shm/y && echo ok"], output: "refused\nok\n"),
        Case(name: "tmpfs", arguments: ["--tmpfs", "/scratch:size=1m", "busybox", "sh", "-c", "df -k /scratch | tail -1 | awk '{print $2}'"], output: "1024\n"),
        Case(name: "default capabilities", arguments: ["busybox", "grep", "CapEff", "/proc/self/status"], output: "CapEff:\t00000000a80425fb\n"),
        Case(name: "capability added", arguments: ["--cap-add", "NET_ADMIN", "busybox", "grep", "CapEff", "/proc/self/status"], output: "CapEff:\t00000000a80435fb\n"),
        Case(name: "capabilities dropped", arguments: ["--cap-drop", "ALL", "busybox", "grep", "CapEff", "/proc/self/status"], output: "CapEff:\t0000000000000000\n"),
        Case(name: "unknown capability", arguments: ["--cap-add", "FLY", "busybox", "true"], status: 125, error: "FLY"),
        Case(name: "seccomp is on", arguments: ["busybox", "grep", "Seccomp:", "/proc/self/status"], output: "Seccomp:\t2\n"),
        Case(name: "seccomp off", arguments: ["--security-opt", "seccomp=unconfined", "busybox", "grep", "Seccomp:", "/proc/self/status"], output: "Seccomp:\t0\n"),
        Case(name: "no new privileges", arguments: ["--security-opt", "no-new-privileges", "busybox", "grep", "NoNewPrivs", "/proc/self/status"], output: "NoNewPrivs:\t1\n"),
        Case(name: "mount is refused", arguments: ["busybox", "sh", "-c", "mount -t tmpfs x /tmp 2>&1 | grep -c denied"], output: "1\n"),
        Case(name: "masked paths", arguments: ["busybox", "sh", "-c", "cat /proc/timer_list | wc -c; ls /sys/firmware | wc -l"], output: "0\n0\n"),
        Case(name: "read-only paths", arguments: ["busybox", "sh", "-c", "echo 1 >/proc/sys/kernel/panic || echo refused"], output: "refused\n"),
        Case(name: "privileged", arguments: ["--privileged", "busybox", "sh", "-c", "mount -t tmpfs x /tmp && echo mounted"], output: "mounted\n"),
        Case(name: "descriptors", arguments: ["busybox", "sh", "-c", "ls /proc/self/fd | wc -l"], output: "4\n"),
        Case(name: "ulimit", arguments: ["--ulimit", "nofile=100:200", "busybox", "sh", "-c", "ulimit -Sn; ulimit -Hn"], output: "100\n200\n"),
        Case(name: "memory limit", arguments: ["--memory", "64m", "busybox", "cat", "/sys/fs/cgroup/memory/memory.limit_in_bytes"], output: "67108864\n"),
        Case(name: "cpu limit", arguments: ["--cpus", "0.5", "busybox", "cat", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"], output: "50000\n"),
        Case(name: "pids limit", arguments: ["--pids-limit", "50", "busybox", "cat", "/sys/fs/cgroup/pids/pids.max"], output: "50\n"),
        Case(name: "too little memory", arguments: ["--memory", "1m", "busybox", "true"], status: 125, error: "Minimum memory limit allowed is 6MB"),
        Case(name: "shm size", arguments: ["--shm-size", "1m", "busybox", "sh", "-c", "df -k /dev/shm | tail -1 | awk '{print $2}'"], output: "1024\n"),
        Case(name: "devices", arguments: ["busybox", "sh", "-c", "echo x >/dev/null && head -c 4 /dev/zero | wc -c && test -c /dev/tty && readlink /dev/stdout"], output: "4\n/proc/self/fd/1\n"),
        Case(name: "stdout of a user can be reopened", arguments: ["-u", "www", "busybox", "sh", "-c", "echo x >/dev/stdout"], output: "x\n"),
        Case(name: "network none", arguments: ["--network", "none", "busybox", "ls", "/sys/class/net"], output: "lo\n"),
        Case(name: "unknown network", arguments: ["--network", "nosuch", "busybox", "true"], status: 125, error: "network nosuch not found"),
        Case(name: "unknown log driver", arguments: ["--log-driver", "nosuch", "busybox", "true"], status: 125, error: "json-file"),
        Case(name: "unknown log option", arguments: ["--log-opt", "nosuch=1", "busybox", "true"], status: 125, error: "unknown log opt 'nosuch' for json-file log driver"),
        Case(name: "unknown storage driver", arguments: ["--storage-driver", "nosuch", "busybox", "true"], status: 125, error: "overlayfs"),
        Case(name: "bad mount", arguments: ["--mount", "type=bind,source=/no/such,target=/x", "busybox", "true"], status: 125, error: "bind source path does not exist: /no/such"),
        Case(name: "bad port", arguments: ["-p", "99999:80", "busybox", "true"], status: 125, error: "99999"),
    ]

    @Test("each flag does what it says", arguments: cases)
    func runs(_ item: Case) {
        Shared.engine.withoutLeaks { prefix in
            let result = Shared.engine.run(["run", "--rm", "--name", prefix] + item.arguments)
            #expect(result.status == item.status, "\(result.everything)")
            if let output = item.output { #expect(result.output == output, "\(result.everything)") }
            if let error = item.error { #expect(result.errors.contains(error), "\(result.everything)") }
            let left = Shared.engine.gantry("ps", "-aq", "--filter", "name=\(prefix)").output
            #expect(left == "", "no half-made container is left")
        }
    }

    @Test("stdin goes in, stdout and stderr come out apart")
    func streams() {
        Shared.engine.withoutLeaks { prefix in
            let result = Shared.engine.run(["run", "--rm", "-i", "--name", prefix, "busybox", "sh", "-c", "cat; echo err >&2"], input: "in\n")
            #expect(result.output == "in\n", "\(result.everything)")
            #expect(result.errors == "err\n")
        }
    }

    @Test("a large output arrives whole through a slow reader")
    func largeOutput() {
        Shared.engine.withoutLeaks { prefix in
            let line = "\(Shared.engine.bin)/gantry run --rm --name \(prefix) busybox sh -c 'head -c 30000000 /dev/zero' | (sleep 1; wc -c)"
            let result = Command.run(["sh", "-c", line], environment: Shared.engine.environment)
            #expect(result.output.trimmed == "30000000", "\(result.everything)")
        }
    }

    @Test("a container that takes too much memory is killed, and says so")
    func outOfMemory() {
        Shared.engine.withoutLeaks { prefix in
            let result = Shared.engine.run(["run", "--name", prefix, "--memory", "16m", "busybox", "sh", "-c", "tail /dev/zero"])
            #expect(result.status == 137, "\(result.everything)")
            let state = Shared.engine.gantry("inspect", "--format", "{{.State.OOMKilled}} {{.State.ExitCode}}", prefix)
            #expect(state.output == "true 137\n", "\(state.everything)")
        }
    }

    @Test("the name is taken: who has it, and what to do")
    func nameTaken() {
        Shared.engine.withoutLeaks { prefix in
            Shared.engine.gantry("create", "--name", prefix, "busybox", "true")
            let result = Shared.engine.gantry("run", "--name", prefix, "busybox", "true")
            #expect(result.status == 125)
            #expect(result.errors.contains("The container name \"/\(prefix)\" is already in use by container"), "\(result.everything)")
        }
    }
}

extension String {
    var trimmed: String { String(drop { " \n\t".contains($0) }.reversed().drop { " \n\t".contains($0) }.reversed()) }
}
