import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("what somebody took away from a running daemon", .enabled(if: Shared.isRoot), .serialized)
struct BrokenHostTests {
    /// A running web server whose port is published, and a check that names what is broken.
    private func broken(_ script: (Engine) -> String, finding: String, reachable: Bool = false) {
        let engine = Engine(number: 35)
        engine.start()
        defer { engine.discard() }
        engine.warm()
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "-m", "64m", "-p", "127.0.0.1:18135:80", "busybox", "httpd", "-f", "-p", "80", "-h", "/www")
            engine.gantry("run", "-d", "--name", "\(name)2", "busybox", "sleep", "1000")
            func page() -> String { Command.run(["curl", "-s", "-m", "5", "http://127.0.0.1:18135/"]).output }
            #expect(engine.eventually { page().contains("hello from inside") })
            #expect(engine.gantry("system", "check").output == "Everything agrees.\n")
            let damage = Command.run(["sh", "-ec", script(engine)], environment: engine.environment)
            #expect(damage.status == 0, "\(damage.everything)")
            if !reachable { #expect(page().isEmpty, "it is broken") }
            let check = engine.gantry("system", "check")
            #expect(check.status == 1 && check.output.contains(finding), "\(check.everything)")
            let repaired = engine.gantry("system", "check", "--repair")
            #expect(repaired.status == 0 && repaired.output.contains(finding), "\(repaired.everything)\(engine.log)")
            #expect(engine.gantry("system", "check").output == "Everything agrees.\n")
            #expect(page().contains("hello from inside"), "the port is published")
            let address = engine.gantry("inspect", "--format", "{{.NetworkSettings.IPAddress}}", name).output.trimmed
            let inside = engine.gantry("exec", "\(name)2", "sh", "-c", "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 \(address) 80")
            #expect(inside.output.contains("hello from inside"), "one container reaches the other: \(inside.everything)")
            #expect(engine.gantry("exec", name, "ping", "-c", "1", "-W", "5", "172.31.35.1").status == 0, "and the host")
            #expect(engine.gantry("run", "--rm", "--name", "\(name)3", "-p", "127.0.0.1::80", "busybox", "true").status == 0, "new ones start")
        }
    }

    @Test("a deleted bridge comes back with everything that was connected to it")
    func bridge() { broken({ "ip link del \($0.bridge)" }, finding: "bridge   ") }

    @Test("a deleted table of the packet filter comes back with the published ports")
    func table() { broken({ "nft delete table ip gantry_\($0.mark)" }, finding: "a part of it was taken away from the host") }

    @Test("flushed rules of the packet filter come back")
    func rules() { broken({ "nft flush table ip gantry_\($0.mark)" }, finding: "a part of it was taken away from the host") }

    @Test("a container whose interface was deleted gets it again, with its address and port")
    func interface() {
        broken({ _ in "ip -o link show type veth | sed -n 's/^[0-9]*: \\(gv[0-9a-f]*\\)@.*/\\1/p' | while read n; do ip link del $n; done" }, finding: "has lost its interface in the network bridge")
    }

    @Test(
        "what was taken away while no daemon ran is made again by the next one",
        arguments: ["nft delete table ip gantry_MARK", "ip link del OTHER", "ip link del PUBLISHED"])
    func boot(_ damage: String) {
        let engine = Engine(number: 35)
        engine.start()
        defer { engine.discard() }
        engine.warm()
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "-p", "127.0.0.1:18135:80", "busybox", "httpd", "-f", "-p", "80", "-h", "/www")
            engine.gantry("run", "-d", "--name", "\(name)2", "busybox", "sleep", "1000")
            func page() -> String { Command.run(["curl", "-s", "-m", "5", "http://127.0.0.1:18135/"]).output }
            #expect(engine.eventually { page().contains("hello from inside") })
            func link(_ name: String) -> String { "gv" + engine.gantry("inspect", "--format", "{{.NetworkSettings.EndpointID}}", name).output.prefix(11) }
            let command = damage.replacing("MARK", with: engine.mark).replacing("OTHER", with: link("\(name)2")).replacing("PUBLISHED", with: link(name))
            engine.kill()
            let done = Command.run(["sh", "-ec", command])
            #expect(done.status == 0, "\(done.everything)")
            engine.start()
            #expect(page().contains("hello from inside"), "\(engine.log)")
            #expect(engine.gantry("exec", "\(name)2", "ping", "-c", "1", "-W", "5", "172.31.35.1").status == 0)
            #expect(engine.gantry("system", "check").output == "Everything agrees.\n")
        }
    }

    @Test("a deleted cgroup comes back with its limits and processes")
    func cgroup() {
        let pids = Engine.cgroups == "/sys/fs/cgroup" ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
        broken(
            { engine in
                """
                for id in $(\(engine.bin)/gantry ps -q --no-trunc); do
                  for p in $(cat \(pids)/gantry/$id/cgroup.procs); do echo $p >\(pids)/cgroup.procs; done; rmdir \(pids)/gantry/$id
                done
                """
            }, finding: "which runs, is gone or a part of it", reachable: true)
    }

    @Test("a network of one's own whose bridge is gone is set up again, and its containers are in it", arguments: [false, true])
    func network(_ isInternal: Bool) {
        let engine = Engine(number: 36)
        engine.start()
        defer { engine.discard() }
        engine.warm()
        engine.withoutLeaks { name in
            _ = engine.run(["network", "create"] + (isInternal ? ["--internal"] : []) + [name])
            for suffix in ["a", "b"] { engine.gantry("run", "-d", "--name", "\(name)\(suffix)", "--network", name, "busybox", "sleep", "1000") }
            let id = engine.gantry("network", "inspect", "--format", "{{.Id}}", name).output.trimmed
            #expect(Command.run(["ip", "link", "del", "gt-\(id.prefix(12))"]).status == 0)
            let address = engine.gantry("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "\(name)b").output.trimmed
            #expect(engine.gantry("exec", "\(name)a", "ping", "-c", "1", "-W", "1", address).status != 0)
            let repaired = engine.gantry("system", "check", "--repair")
            #expect(repaired.status == 0 && repaired.output.contains(name), "\(repaired.everything)")
            #expect(engine.gantry("exec", "\(name)a", "ping", "-c", "1", "-W", "5", address).status == 0)
            _ = engine.run(["rm", "-f", "\(name)a", "\(name)b"])
            #expect(engine.gantry("network", "rm", name).status == 0)
        }
    }

    @Test("a torn last line of a log costs that line and no other", arguments: ["json-file", "local"])
    func log(_ driver: String) {
        let engine = Engine(number: 37)
        engine.start()
        defer { engine.discard() }
        engine.warm()
        engine.withoutLeaks { name in
            engine.gantry("run", "--name", name, "--log-driver", driver, "busybox", "sh", "-c", "for i in 1 2 3; do echo line $i; done")
            engine.gantry("run", "--name", "\(name)2", "--log-driver", driver, "busybox", "echo", "whole")
            let id = engine.gantry("inspect", "--format", "{{.Id}}", name).output.trimmed
            engine.kill()
            let tear = "f=$(find \(engine.dataRoot)/containers/\(id) -type f -size +0 ! -name 'host*' ! -name resolv.conf | head -1); n=$(wc -c <$f); truncate -s $((n - 5)) $f"
            #expect(Command.run(["sh", "-ec", tear]).status == 0)
            engine.start()
            #expect(engine.gantry("ps", "-aq").output.split(separator: "\n").count == 2)
            #expect(engine.gantry("logs", name).output == "line 1\nline 2\n")
            #expect(engine.gantry("logs", "\(name)2").output == "whole\n")
            engine.gantry("start", "-a", name)
            #expect(engine.gantry("logs", name).output == "line 1\nline 2\nline 1\nline 2\nline 3\n")
            #expect(engine.gantry("system", "check").output == "Everything agrees.\n")
        }
    }
}
