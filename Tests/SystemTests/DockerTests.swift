import Glibc
import TestSupport
import Testing

@Suite("the stock docker command", .enabled(if: Shared.isRoot), .serialized)
struct DockerTests {
    let engine = Shared.engine

    @Test("run, ps, logs, inspect, exec, stop, rm, images, info, version")
    func everyday() {
        engine.withoutLeaks { name in
            let hello = engine.docker("run", "--rm", "--name", name, "busybox", "echo", "hello")
            #expect(hello.output == "hello\n" && hello.status == 0, "\(hello.everything)")
            #expect(engine.docker("run", "--rm", "--name", name, "busybox", "nosuch").status == 127)
            #expect(engine.docker("run", "--rm", "--name", name, "busybox", "/etc").status == 126)
            #expect(engine.docker("run", "--rm", "--name", name, "nosuch:1").status == 125)
            let web = engine.docker("run", "-d", "-p", "127.0.0.1::80", "--name", name, "busybox", "sh", "-c", "echo up; httpd -f -p 80 -h /www")
            #expect(web.output.trimmed.count == 64, "\(web.everything)")
            let port = engine.docker("port", name, "80").output.trimmed
            #expect(engine.eventually { Command.run(["curl", "-s", "-m", "5", "http://\(port)/"]).output.contains("hello from inside") })
            #expect(engine.docker("ps", "--format", "{{.Names}} {{.Status}}").output.contains("\(name) Up"))
            #expect(engine.eventually { engine.docker("logs", name).output == "up\n" })
            #expect(engine.docker("inspect", "-f", "{{.State.Running}} {{.Config.Image}}", name).output == "true busybox\n")
            #expect(engine.docker("exec", name, "echo", "inside").output == "inside\n")
            #expect(engine.docker("stop", "-t", "1", name).output.trimmed == name)
            #expect(engine.docker("rm", name).output.trimmed == name)
            #expect(engine.docker("images", "--format", "{{.Repository}}").output.contains("busybox"))
            #expect(engine.docker("info", "--format", "{{.Driver}}").output == "\(Engine.storage)\n")
            #expect(engine.docker("version", "--format", "{{.Server.Version}}").status == 0)
            #expect(engine.docker("network", "inspect", "bridge").status == 0)
            #expect(engine.docker("volume", "ls").status == 0)
        }
    }

    @Test("import, save, load, tag, rmi")
    func images() {
        let archive = "\(engine.root)/docker.tar"
        #expect(engine.docker("tag", "busybox", "stock:1").status == 0)
        #expect(engine.docker("save", "-o", archive, "stock:1").status == 0)
        #expect(engine.docker("rmi", "stock:1").output.contains("Untagged: stock:1"))
        #expect(engine.docker("load", "-i", archive).output.contains("Loaded image: stock:1"))
        #expect(engine.docker("rmi", "stock:1").status == 0)
        let tree = Command.run(["sh", "-c", "mkdir -p \(engine.root)/t && echo x >\(engine.root)/t/x && tar -C \(engine.root)/t -cf \(engine.root)/t.tar ."])
        #expect(tree.status == 0)
        #expect(engine.docker("import", "\(engine.root)/t.tar", "tiny:1").output.hasPrefix("sha256:"))
        #expect(engine.docker("rmi", "tiny:1").status == 0)
    }

    @Test("a terminal: run -it")
    func terminal() {
        engine.withoutLeaks { name in
            let line = "stty rows 20 cols 60; docker run --rm -it --name \(name) busybox sh -c 'stty size; tty'"
            let result = Command.onTerminal(line, environment: engine.environment)
            #expect(result.output.contains("20 60\r\n/dev/pts/0"), "\(result.everything)")
        }
    }

    @Test("who detaches from a container's terminal is told, and the container stays", arguments: ["docker", "gantry"])
    func detaching(_ client: String) {
        engine.withoutLeaks { name in
            engine.gantry("run", "-dit", "--name", name, "busybox", "sh")
            let program = client == "gantry" ? "\(engine.bin)/gantry" : client
            let result = Command.onTerminal("\(program) attach \(name); echo status $?", typing: #"\020\021"#, environment: engine.environment)
            #expect(result.output.contains("read escape sequence") && result.output.contains("status 1"), "\(result.everything)")
            #expect(engine.gantry("inspect", "-f", "{{.State.Running}}", name).output == "true\n")
        }
    }

    @Test("events and logs -f")
    func followed() {
        engine.withoutLeaks { name in
            let listener = Child(["docker", "events", "--filter", "container=\(name)", "--format", "{{.Action}}"], environment: engine.environment)
            #expect(engine.waitForDump { $0.contains("/events: streaming") })
            engine.docker("run", "-d", "--name", name, "busybox", "sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.1; done")
            #expect(engine.docker("logs", "-f", name).output == "1\n2\n3\n")
            #expect(listener.waitForOutput("die"))
            listener.signal(SIGKILL)
            _ = listener.finish()
        }
    }
}

@Suite("Python's docker SDK", .enabled(if: Shared.isRoot), .serialized)
struct PythonTests {
    let engine = Shared.engine

    @Test("containers, logs, exec, images, networks, volumes, events, errors")
    func everyday() {
        engine.withoutLeaks { name in
            let result = engine.python(
                """
                assert client.ping()
                assert client.containers.run('busybox', ['echo', 'hi'], remove=True, name='\(name)') == b'hi\\n'
                c = client.containers.run('busybox', ['sh', '-c', 'echo up; sleep 1000'], detach=True, name='\(name)', ports={'80/tcp': ('127.0.0.1', None)}, environment={'A': 'b'}, labels={'l': '1'}, mem_limit='64m')
                c.reload()
                assert c.status == 'running', c.status
                assert c.ports['80/tcp'][0]['HostPort']
                done = c.exec_run(['sh', '-c', 'echo $A; exit 3'])
                assert done == (3, b'b\\n'), done
                assert c.logs() == b'up\\n', c.logs()
                assert [x.name for x in client.containers.list(filters={'label': 'l=1'})] == ['\(name)']
                c.stop(timeout=0)
                assert c.wait()['StatusCode'] == 137
                c.remove()
                try:
                    client.containers.get('\(name)')
                    raise SystemExit('found')
                except docker.errors.NotFound as e:
                    assert 'No such container: \(name)' in str(e), e
                try:
                    client.containers.run('nosuch-image:1')
                except docker.errors.ImageNotFound as e:
                    pass
                i = client.images.get('busybox')
                assert 'busybox:latest' in i.tags
                data = b''.join(i.save(named=True))
                assert client.images.load(data)[0].id == i.id
                v = client.volumes.create('\(name)')
                assert '\(name)' in [x.name for x in client.volumes.list()]
                v.remove()
                assert 'bridge' in [n.name for n in client.networks.list()]
                assert client.info()['Driver'] == '\(Engine.storage)'
                assert client.version()['ApiVersion']
                """)
            #expect(result.status == 0, "\(result.everything)")
        }
    }

    @Test("the SDK loses nothing of a short exec's output")
    func shortExecs() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "busybox", "sleep", "1000")
            let result = engine.python("c = client.containers.get('\(name)')\nfor i in range(60):\n    r = c.exec_run(['echo', str(i)])\n    assert r.output == f'{i}\\n'.encode(), (i, r)\n")
            #expect(result.status == 0, "\(result.everything)")
        }
    }
}
