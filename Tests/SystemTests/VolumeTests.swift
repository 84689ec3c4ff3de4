import TestSupport
import Testing

@Suite("volumes and mounts", .enabled(if: Shared.isRoot), .serialized)
struct VolumeTests {
    let engine = Shared.engine

    @Test("a named volume keeps what was written")
    func named() {
        engine.withoutLeaks { name in
            defer { engine.gantry("volume", "rm", name) }
            #expect(engine.gantry("run", "--rm", "--name", name, "-v", "\(name):/data", "busybox", "sh", "-c", "echo kept >/data/x").status == 0)
            #expect(engine.gantry("run", "--rm", "--name", name, "-v", "\(name):/data:ro", "busybox", "sh", "-c", "cat /data/x; touch /data/y || echo refused").output == "kept\nrefused\n")
            #expect(engine.gantry("volume", "ls", "-q").output.contains(name))
            engine.gantry("create", "--name", name, "-v", "\(name):/data", "busybox")
            let refused = engine.gantry("volume", "rm", name)
            #expect(refused.status == 1 && refused.errors.contains("volume is in use"), "\(refused.everything)")
            engine.gantry("rm", name)
        }
    }

    @Test("an anonymous volume goes with --rm")
    func anonymous() {
        engine.withoutLeaks { name in
            let before = engine.gantry("volume", "ls", "-q").output
            #expect(engine.gantry("run", "--rm", "--name", name, "-v", "/data", "busybox", "touch", "/data/x").status == 0)
            #expect(engine.gantry("volume", "ls", "-q").output == before)
        }
    }

    @Test("a new volume starts with what the image has there")
    func copied() {
        engine.withoutLeaks { name in
            defer { engine.gantry("volume", "rm", name) }
            #expect(engine.gantry("run", "--rm", "--name", name, "-v", "\(name):/www", "busybox", "cat", "/www/index.html").output.contains("hello from inside"))
        }
    }

    @Test("bind mounts: folders, files, read-only")
    func binds() {
        engine.withoutLeaks { name in
            let folder = "\(engine.root)/shared"
            Command.run(["sh", "-c", "mkdir -p \(folder); echo one >\(folder)/file"])
            #expect(engine.gantry("run", "--rm", "--name", name, "-v", "\(folder):/s", "busybox", "sh", "-c", "cat /s/file; echo two >/s/out").output == "one\n")
            #expect(Command.run(["cat", "\(folder)/out"]).output == "two\n")
            let single = engine.gantry(
                "run", "--rm", "--name", name, "--mount", "type=bind,source=\(folder)/file,target=/etc/file,readonly", "busybox", "sh", "-c", "cat /etc/file; echo x >/etc/file || echo refused")
            #expect(single.output == "one\nrefused\n", "\(single.everything)")
            Command.run(["rm", "-rf", folder])
        }
    }
}
