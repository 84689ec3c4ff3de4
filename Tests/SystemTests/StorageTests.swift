import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Three storage drivers in one daemon.
@Suite("several storage drivers", .enabled(if: Shared.isRoot), .serialized)
struct StorageTests {
    static let drivers = ["overlayfs", "vfs", "btrfs"]
    let engine = Self.shared

    nonisolated(unsafe) private static var disk: LoopFileSystem?
    nonisolated(unsafe) private static let shared: Engine = {
        let engine = Engine(number: 41, storage: "overlayfs")
        mkdir(engine.dataRoot, 0o711)
        mkdir("\(engine.dataRoot)/storage", 0o711)
        // The driver's folder alone is on btrfs.
        disk = LoopFileSystem("btrfs", at: "\(engine.dataRoot)/storage/btrfs", megabytes: 300)
        engine.start()
        engine.importBusybox()
        warm(engine)
        atexit {
            StorageTests.shared.stopAll()
            StorageTests.disk?.discard()
            StorageTests.shared.discard()
        }
        return engine
    }()

    /// Loads the drivers and makes the folders of a new daemon, so that no test counts them as its leak.
    private static func warm(_ engine: Engine) {
        for driver in drivers { engine.gantry("run", "-d", "--name", driver, "-v", "/data", "--storage-driver", driver, "busybox", "sleep", "1000") }
        for driver in drivers { engine.gantry("exec", driver, "true") }
        for driver in drivers { engine.gantry("rm", "-f", "-v", driver) }
    }

    /// So that no test counts the layers as its leak.
    private func unpackEverywhere() {
        for driver in Self.drivers { #expect(engine.gantry("run", "--rm", "--storage-driver", driver, "busybox", "true").status == 0) }
    }

    private func layers(_ driver: String) -> [String] {
        ((try? Files.list("\(engine.dataRoot)/storage/\(driver)/k")) ?? []).filter { $0.hasPrefix("sha256-") }
    }

    private func json(_ words: String...) -> String { engine.run(words).output.trimmed }

    @Test("a container lies where its flag says, and every view of it says so", arguments: drivers)
    func choice(_ driver: String) {
        engine.withoutLeaks { name in
            let run = engine.gantry("run", "--name", name, "--storage-driver", driver, "busybox", "sh", "-c", "echo mine >/mine; rm -r /www; grep ' / ' /proc/mounts | cut -d' ' -f3")
            let kind = ["overlayfs": "overlay", "btrfs": "btrfs"][driver]
            #expect(run.status == 0 && (kind == nil || run.output == "\(kind ?? "")\n") && run.output != (driver == "vfs" ? "overlay\n" : ""), "\(run.everything)")
            #expect(json("inspect", "--format", "{{.Driver}} {{.GraphDriver.Name}} {{.HostConfig.StorageDriver}}", name) == "\(driver) \(driver) \(driver)")
            #expect(engine.docker("inspect", "-f", "{{.GraphDriver.Name}}", name).output.trimmed == driver)
            let upper = engine.docker("inspect", "-f", "{{.GraphDriver.Data.UpperDir}}", name).output.trimmed
            #expect(Files.exists("\(upper)/mine") == (driver == "overlayfs"), "\(upper)")
            #expect(json("image", "inspect", "--format", "{{json .StorageDrivers}}", "busybox").contains("\"\(driver)\""))
            let size = engine.gantry("ps", "-as", "--filter", "name=\(name)", "--format", "{{.Size}}").output
            #expect(size.contains("kB (virtual 2."), "what it wrote, and that with its image: \(size)")
            #expect(engine.gantry("start", "-a", name).status == 0, "starts again from what it left")
        }
    }

    @Test("one image, however many drivers hold it")
    func oneImage() {
        unpackEverywhere()
        #expect(engine.gantry("images", "-q").output.split(separator: "\n").count == 1)
        #expect(json("image", "inspect", "--format", "{{len .StorageDrivers}}", "busybox") == "3")
        #expect(json("info", "--format", "{{json .DriverStatus}}").contains("btrfs overlayfs vfs"), "\(json("info"))")
        let usage = engine.gantry("system", "df")
        for driver in Self.drivers { #expect(usage.output.contains("\n\(driver) "), "\(usage.everything)") }
        #expect(engine.docker("system", "df").output.contains("Images"))
        #expect(engine.gantry("system", "df", "-v").output.contains("overlayfs vfs btrfs") || engine.gantry("system", "df", "-v").output.contains("vfs"))
    }

    @Test("a volume starts with the image's files on every driver", arguments: drivers)
    func volumes(_ driver: String) {
        engine.withoutLeaks { name in
            let run = engine.gantry("run", "--rm", "--name", name, "--storage-driver", driver, "-v", "/www", "busybox", "cat", "/www/index.html")
            #expect(run.output == "<h1>hello from inside</h1>\n", "\(run.everything)")
        }
    }

    @Test("layers with whiteouts, opaque folders and hard links are the same on every driver")
    func layered() {
        let archive = "\(engine.root)/layered.tar"
        let made = Command.run(["python3", "-c", Self.layeredImage, archive, "/bin/busybox"])
        #expect(made.status == 0, "\(made.everything)")
        #expect(engine.gantry("load", "-i", archive).output.contains("Loaded image: layered:1"))
        let look = "cd /data; find . | sort | while read n; do stat -c '%n %A %u:%g %h %Y' \"$n\"; done; cat kept changed opaque/new; [ linked -ef twin ] && echo one file"
        var seen: [String: String] = [:]
        for driver in Self.drivers {
            let run = engine.gantry("run", "--rm", "--storage-driver", driver, "layered:1", "/busybox", "sh", "-c", "export PATH=/bin; \(look)")
            #expect(run.status == 0, "\(run.everything)")
            seen[driver] = run.output.split(separator: "\n").filter { !$0.hasPrefix(".") || !$0.contains(" d") }.joined(separator: "\n")
        }
        let one = seen["overlayfs"] ?? ""
        #expect(
            one.contains("./opaque/new") && one.contains("kept\nchanged\nnew\none file") && !one.contains("./gone ") && !one.contains("gone-folder/x") && one.contains("gone-folder/again")
                && !one.contains("opaque/old"), "\(one)")
        for driver in Self.drivers { #expect(seen[driver] == one, "\(driver): \(seen[driver] ?? "")\n\(one)") }
        engine.gantry("rmi", "layered:1")
    }

    /// A docker-archive of three layers.
    private static let layeredImage = """
        import hashlib, io, json, sys, tarfile
        def layer(*entries):
            out = io.BytesIO()
            with tarfile.open(fileobj=out, mode='w', format=tarfile.PAX_FORMAT) as tar:
                for name, kind, content in entries:
                    info = tarfile.TarInfo(name)
                    info.mtime = 1000000000
                    info.mode = 0o755 if kind == 'd' or content is True else 0o640
                    if kind == 'd': info.type = tarfile.DIRTYPE
                    if kind == 'h': info.type, info.linkname = tarfile.LNKTYPE, content
                    if kind == 's': info.type, info.linkname = tarfile.SYMTYPE, content
                    data = open(sys.argv[2], 'rb').read() if content is True else content.encode() if kind == 'f' else b''
                    info.size = len(data)
                    if kind == 'f' and content == 'owned': info.uid, info.gid = 7, 8
                    tar.addfile(info, io.BytesIO(data))
            return out.getvalue()
        layers = [
            layer(('busybox', 'f', True), ('bin', 'd', ''), *[('bin/' + n, 's', '/busybox') for n in ('sh', 'find', 'sort', 'stat', 'cat')],
                  ('data', 'd', ''), ('data/kept', 'f', 'kept\\n'), ('data/gone', 'f', 'gone'), ('data/gone-folder', 'd', ''), ('data/gone-folder/x', 'f', 'x'),
                  ('data/opaque', 'd', ''), ('data/opaque/old', 'f', 'old'), ('data/changed', 'f', 'before'), ('data/linked', 'f', 'owned'), ('data/twin', 'h', 'data/linked')),
            layer(('data/.wh.gone', 'f', ''), ('data/.wh.gone-folder', 'f', ''), ('data/opaque', 'd', ''), ('data/opaque/.wh..wh..opq', 'f', ''), ('data/opaque/new', 'f', 'new\\n')),
            layer(('data/changed', 'f', 'changed\\n'), ('data/gone-folder', 'd', ''), ('data/gone-folder/again', 'f', 'again')),
        ]
        config = json.dumps({'architecture': 'amd64', 'os': 'linux', 'config': {}, 'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + hashlib.sha256(l).hexdigest() for l in layers]}}).encode()
        with tarfile.open(sys.argv[1], 'w') as tar:
            def add(name, data):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
            for number, l in enumerate(layers): add('%d/layer.tar' % number, l)
            add('config.json', config)
            add('manifest.json', json.dumps([{'Config': 'config.json', 'RepoTags': ['layered:1'], 'Layers': ['%d/layer.tar' % n for n in range(3)]}]).encode())
        """

    @Test("an unknown driver is refused with the names of those that exist, and leaves no container")
    func unknown() {
        engine.withoutLeaks { name in
            let refused = engine.gantry("create", "--name", name, "--storage-driver", "nosuch", "busybox")
            #expect(refused.status == 1 || refused.status == 125, "\(refused.everything)")
            #expect(refused.errors.contains("storage driver \"nosuch\" not found; there are: btrfs, overlayfs, vfs"), "\(refused.everything)")
            #expect(engine.gantry("ps", "-aq", "--filter", "name=\(name)").output.isEmpty)
        }
    }

    @Test("rmi takes the layers of every driver with it, a restart what nobody owns")
    func removal() {
        unpackEverywhere()
        for driver in Self.drivers { #expect(layers(driver).count == 1, "\(driver): \(layers(driver))") }
        engine.gantry("create", "--name", "stays", "--storage-driver", "vfs", "busybox", "cat", "/etc/passwd")
        engine.kill()
        // A daemon that died between the snapshot and its record, in a driver that is not the default.
        Command.run(["sh", "-c", "cd \(engine.dataRoot)/storage/vfs && mkdir -p s/zz/fs && ln -s 'a zz - 1' k/container-0123 && mkdir s/zy && ln -s 'a zx - 1' k/extract-1"])
        engine.start()
        #expect(((try? Files.list("\(engine.dataRoot)/storage/vfs/k")) ?? []).count == 2)
        #expect(((try? Files.list("\(engine.dataRoot)/storage/vfs/s")) ?? []).count == 2)
        #expect(engine.gantry("start", "-a", "stays").output.contains("root:x:0:0"))
        engine.gantry("rm", "stays")
        #expect(engine.gantry("rmi", "busybox").status == 0)
        for driver in Self.drivers { #expect(layers(driver).isEmpty, "\(driver): \(layers(driver))") }
        for driver in Self.drivers { #expect(((try? Files.list("\(engine.dataRoot)/storage/\(driver)/s")) ?? ["?"]).isEmpty, "\(driver)") }
        engine.importBusybox()
        Self.warm(engine)
    }

    @Test("an image moves from driver to driver, and the old copy goes")
    func imageMigration() {
        engine.withoutLeaks { name in
            for (driver, next) in [("overlayfs", "vfs"), ("vfs", "btrfs"), ("btrfs", "overlayfs")] {
                #expect(engine.gantry("image", "migrate", "--to", driver, "busybox").status == 0)
                let moved = engine.gantry("image", "migrate", "--to", next, "busybox")
                #expect(moved.output == "busybox\n", "\(moved.everything)")
                #expect(json("image", "inspect", "--format", "{{json .StorageDrivers}}", "busybox") == "[\"\(next)\"]")
                for other in Self.drivers { #expect(layers(other).count == (other == next ? 1 : 0), "\(other)") }
                #expect(engine.gantry("run", "--rm", "--name", name, "--storage-driver", next, "busybox", "cat", "/www/index.html").output.contains("hello"))
            }
            #expect(engine.gantry("image", "migrate", "--to", "overlayfs", "busybox").status == 0, "it is there already")
        }
    }

    @Test("layers that a container needs stay until it goes")
    func usedImage() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "--storage-driver", "overlayfs", "busybox", "sleep", "1000")
            let moved = engine.gantry("image", "migrate", "--to", "vfs", "busybox")
            #expect(moved.status == 0 && moved.errors.contains("overlayfs keeps the layers for the containers \(name); migrate or remove them"), "\(moved.everything)")
            #expect(engine.gantry("exec", name, "cat", "/www/index.html").output.contains("hello"))
            engine.gantry("rm", "-f", name)
            #expect(engine.gantry("image", "migrate", "--to", "overlayfs", "busybox").status == 0)
        }
    }

    @Test("a stopped container moves with all that it wrote")
    func containerMigration() {
        unpackEverywhere()
        engine.withoutLeaks { name in
            // Writes at its first start, and shows what there is at the others.
            let script = """
                look() { for n in $(find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /etc/host\\* -o -path /etc/resolv.conf \\) -prune -o ! -type d -print | sort); do stat -c '%n %A %u:%g %s %Y' $n; done
                  [ /mine -ef /twin ] && echo one file; tail -1 /etc/passwd; stat -c '%A %u:%g %Y' /folder; ls /www; du -k /folder/sparse; }
                if [ -e /mine ]; then look; exit; fi
                echo mine >/mine; ln /mine /twin; rm -r /www; mkdir /folder; chown 5:6 /folder; chmod 2750 /folder; ln -s nowhere /folder/link
                mkfifo /folder/fifo; truncate -s 30000000 /folder/sparse; echo changed >>/etc/passwd; chmod 600 /etc/group; touch -d '2001-02-03 00:00:00' /folder
                """
            engine.gantry("run", "--name", name, "--storage-driver", "overlayfs", "busybox", "sh", "-c", script)
            let before = engine.gantry("start", "-a", name).output
            #expect(before.contains("/folder/fifo prw-r--r--") && before.contains("one file\nchanged\ndrwxr-s--- 5:6 981158400\n") && before.contains("0\t/folder/sparse"), "\(before)")
            for driver in ["vfs", "btrfs", "overlayfs"] {
                let moved = engine.gantry("container", "migrate", "--to", driver, name)
                #expect(moved.output == "\(name)\n", "\(moved.everything)")
                #expect(json("inspect", "--format", "{{.Driver}} {{.HostConfig.StorageDriver}}", name) == "\(driver) \(driver)")
                for other in Self.drivers {
                    let keys = ((try? Files.list("\(engine.dataRoot)/storage/\(other)/k")) ?? []).filter { $0.hasPrefix("container-") }
                    #expect(keys.count == (other == driver ? 1 : 0), "\(other): \(keys)")
                }
                let after = engine.gantry("start", "-a", name).output
                let lines = Set(before.split(separator: "\n")).symmetricDifference(after.split(separator: "\n"))
                #expect(after == before, "\(driver): \(lines)")
                let size = engine.gantry("ps", "-as", "--filter", "name=\(name)", "--format", "{{.Size}}").output
                #expect(size.contains("kB ("), "only what it wrote: \(size)")
            }
        }
    }

    @Test("a running container, an unknown driver and a full disk are refused, and nothing changes")
    func refusedMigration() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "--storage-driver", "overlayfs", "busybox", "sh", "-c", "head -c 400000000 /dev/urandom >/big; echo done; sleep 1000")
            let running = engine.gantry("container", "migrate", "--to", "vfs", name)
            #expect(running.status == 1 && running.errors.contains("container is running: stop the container before migrating it"), "\(running.everything)")
            #expect(engine.eventually { engine.gantry("logs", name).output == "done\n" })
            engine.gantry("stop", "-t", "0", name)
            for kind in ["container", "image"] {
                let unknown = engine.gantry(kind, "migrate", "--to", "nosuch", kind == "image" ? "busybox" : name)
                #expect(unknown.status == 1 && unknown.errors.contains("storage driver \"nosuch\" not found; there are: btrfs, overlayfs, vfs"), "\(unknown.everything)")
            }
            let full = engine.gantry("container", "migrate", "--to", "btrfs", name)
            #expect(full.status == 1 && full.errors.contains("no space left on device"), "\(full.everything)")
            #expect(json("inspect", "--format", "{{.Driver}}", name) == "overlayfs")
            #expect(((try? Files.list("\(engine.dataRoot)/storage/btrfs/k")) ?? []).allSatisfy { !$0.hasPrefix("container-") })
            #expect(engine.gantry("start", name).status == 0, "it still runs where it was")
        }
    }

    @Test("migrations survive the daemon: an image's goes on, a container's leaves one layer")
    func killedMigration() {
        let tree = "\(engine.root)/large"
        let made = Command.run([
            "sh", "-ec",
            "mkdir -p \(tree)/d; cp /bin/busybox \(tree)/sh; ln -s sh \(tree)/head; i=0; while [ $i -lt 1500 ]; do head -c 50000 /dev/urandom >\(tree)/d/$i; i=$((i+1)); done; tar -C \(tree) -cf \(tree).tar .; rm -r \(tree)",
        ])
        #expect(made.status == 0, "\(made.everything)")
        #expect(engine.gantry("import", "\(tree).tar", "large:1").status == 0)
        engine.gantry("run", "--name", "moving", "--storage-driver", "overlayfs", "-e", "PATH=/", "large:1", "/sh", "-c", "echo x >>/d/7; head -c 60000000 /dev/urandom >/own")
        for (number, delay) in [20_000, 80_000, 150_000, 300_000, 500_000].enumerated() {
            let target = number % 2 == 0 ? "vfs" : "overlayfs"
            let client = engine.child("image", "migrate", "--to", target, "large:1"), other = engine.child("container", "migrate", "--to", target, "moving")
            usleep(UInt32(delay))
            engine.kill()
            _ = (client.finish(), other.finish())
            engine.start()
            let place = json("inspect", "--format", "{{.Driver}}", "moving")
            for driver in Self.drivers {
                let keys = ((try? Files.list("\(engine.dataRoot)/storage/\(driver)/k")) ?? []).filter { $0.hasPrefix("container-") }
                #expect(keys.count == (driver == place ? 1 : 0), "\(driver), the container is in \(place): \(keys)")
            }
            #expect(engine.gantry("start", "-a", "moving").status == 0)
            // Begun or not when the daemon died: asked again, it gets there.
            var asked = Command.run(["true"])
            _ = engine.eventually {
                asked = engine.gantry("image", "migrate", "--to", target, "large:1")
                return !asked.errors.contains("is being migrated already")
            }
            #expect(asked.status == 0, "\(asked.everything)")
            #expect(json("image", "inspect", "--format", "{{json .StorageDrivers}}", "large:1").contains(target))
            #expect(engine.gantry("container", "migrate", "--to", target, "moving").status == 0)
        }
        engine.gantry("rm", "moving")
        #expect(engine.gantry("rmi", "large:1").status == 0)
        for driver in Self.drivers { #expect(((try? Files.list("\(engine.dataRoot)/storage/\(driver)/s")) ?? []).count <= 1, "\(driver)") }
        Self.warm(engine)
    }

    @Test("btrfs on another file system is refused in one sentence, and leaves nothing")
    func refusal() {
        let other = Engine(number: 42, storage: "vfs")
        other.start()
        defer { other.discard() }
        other.importBusybox()
        let refused = other.gantry("run", "--name", "no", "--storage-driver", "btrfs", "busybox", "true")
        #expect(refused.status == 125 && refused.errors.contains("storage/btrfs is not on btrfs; put the data root on a btrfs file system, or mount one at that folder"), "\(refused.everything)")
        #expect(other.gantry("ps", "-aq").output.isEmpty && !Files.exists("\(other.dataRoot)/storage/btrfs"))
        #expect(other.gantry("info", "--format", "{{.Driver}}").output == "vfs\n")
    }
}
