import Glibc
import TestSupport
import Testing

@Suite("networks and ports", .enabled(if: Shared.isRoot), .serialized)
struct NetworkTests {
    let engine = Shared.engine

    func port(_ name: String, _ inside: String) -> String {
        engine.gantry("inspect", "--format", "{{(index (index .NetworkSettings.Ports \"\(inside)\") 0).HostPort}}", name).output.trimmed
    }

    func fetch(_ address: String) -> Command { Command.run(["curl", "-s", "-m", "5", "http://\(address)/"]) }

    @Test("a published port answers on the loopback and on the host's address")
    func published() {
        engine.withoutLeaks { name in
            let started = engine.gantry("run", "-d", "--name", name, "-p", "80", "busybox", "httpd", "-f", "-p", "80", "-h", "/www")
            #expect(started.status == 0, "\(started.everything)")
            let number = port(name, "80/tcp")
            #expect(engine.eventually { fetch("127.0.0.1:\(number)").output.contains("hello from inside") })
            #expect(fetch("172.31.1.1:\(number)").output.contains("hello from inside"))
            #expect(engine.gantry("ps", "--filter", "name=\(name)", "--format", "{{.Ports}}").output.contains("0.0.0.0:\(number)->80/tcp"))
        }
    }

    @Test("UDP is published as well")
    func datagrams() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "-p", "127.0.0.1::9/udp", "busybox", "sleep", "1000")
            let number = port(name, "9/udp")
            Command.run(["python3", "-c", "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'hello', ('127.0.0.1', \(number)))"])
            // Nobody listens inside, which the container's own kernel counters say of each datagram that arrived.
            func count() -> Command { engine.gantry("exec", name, "sh", "-c", "grep '^Udp: [0-9]' /proc/net/snmp | awk '{print $3}'") }
            #expect(engine.eventually { count().output == "1\n" }, "\(count().everything)")
        }
    }

    @Test("two containers reach each other by address, and their own files know their names")
    func neighbours() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "--hostname", "server", "busybox", "httpd", "-f", "-p", "80", "-h", "/www")
            let address = engine.gantry("inspect", "--format", "{{.NetworkSettings.Networks.bridge.IPAddress}}", name).output.trimmed
            #expect(address.hasPrefix("172.31.1."))
            #expect(engine.gantry("exec", name, "cat", "/etc/hosts").output.contains("\(address)\tserver"))
            let page = engine.gantry("run", "--rm", "--name", name + "b", "busybox", "sh", "-c", "for i in $(seq 100); do wget -qO- http://\(address)/ && break; sleep 0.2; done")
            #expect(page.output.contains("hello from inside"), "\(page.everything)")
        }
    }

    @Test("a taken port is refused, and the refusal says by whom")
    func taken() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "-p", "127.0.0.1:18080:80", "busybox", "sleep", "1000")
            let second = engine.gantry("run", "--rm", "--name", name + "b", "-p", "127.0.0.1:18080:80", "busybox", "true")
            #expect(second.status == 125)
            #expect(second.errors.contains("port is already allocated") && second.errors.contains(name), "\(second.everything)")
        }
        engine.withoutLeaks { name in
            let holder = Child(["python3", "-c", "import socket,time; s=socket.socket(); s.bind(('127.0.0.1',18081)); s.listen(); print('ready', flush=True); time.sleep(30)"])
            #expect(holder.waitForOutput("ready"))
            let second = engine.gantry("run", "--rm", "--name", name, "-p", "127.0.0.1:18081:80", "busybox", "true")
            #expect(second.status == 125 && second.errors.contains("python"), "\(second.everything)")
            holder.signal(SIGKILL)
            _ = holder.finish()
        }
    }

    @Test("the host's network is the host's; a container's network can be shared")
    func sharing() {
        engine.withoutLeaks { name in
            let hosts = engine.gantry("run", "--rm", "--name", name, "--network", "host", "busybox", "ls", "/sys/class/net").output
            #expect(hosts.contains("gtest1"))
            engine.gantry("run", "-d", "--name", name + "a", "busybox", "httpd", "-f", "-p", "80", "-h", "/www")
            let page = engine.gantry(
                "run", "--rm", "--name", name + "b", "--network", "container:\(name)a", "busybox", "sh", "-c", "for i in $(seq 100); do wget -qO- http://127.0.0.1/ && break; sleep 0.2; done")
            #expect(page.output.contains("hello from inside"), "\(page.everything)")
        }
    }

    @Test("two hundred containers with network and port leave nothing")
    func twoHundred() {
        engine.withoutLeaks { name in
            for number in 1...200 {
                let result = engine.gantry("run", "--rm", "--name", "\(name)-\(number)", "-p", "127.0.0.1::80", "busybox", "true")
                #expect(result.status == 0, "\(number): \(result.everything)")
                if result.status != 0 { break }
            }
        }
    }

    @Test("network ls and inspect")
    func listing() {
        let names = engine.gantry("network", "ls", "--format", "{{.Name}} {{.Driver}}").output
        #expect(names.contains("bridge bridge\n") && names.contains("host host\n") && names.contains("none none\n"))
        #expect(engine.gantry("network", "inspect", "--format", "{{(index .IPAM.Config 0).Subnet}}", "bridge").output.trimmed == "172.31.1.0/24")
    }

    @Test("exec is in the network that its container shares with another")
    func sharedNetwork() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", "\(name)a", "busybox", "sleep", "1000")
            engine.gantry("run", "-d", "--name", "\(name)b", "--network", "container:\(name)a", "busybox", "sleep", "1000")
            let first = engine.gantry("exec", "\(name)a", "ip", "addr", "show", "eth0").output
            #expect(first.contains("inet 172.31.") && engine.gantry("exec", "\(name)b", "ip", "addr", "show", "eth0").output == first)
        }
    }
}
