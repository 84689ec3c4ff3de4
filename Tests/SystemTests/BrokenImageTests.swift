import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("broken blobs, layers and folders", .enabled(if: Shared.isRoot), .serialized)
struct BrokenImageTests {
    private func engine() -> Engine {
        let engine = Engine(number: 34)
        engine.start()
        engine.warm()
        return engine
    }

    private func shell(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let done = Command.run(["sh", "-ec", script])
        #expect(done.status == 0, "\(done.everything)", sourceLocation: sourceLocation)
    }

    /// The image's one layer as a blob.
    private func blob(_ engine: Engine) -> String {
        let digest = engine.gantry("inspect", "--type", "image", "--format", "{{index .RootFS.Layers 0}}", "busybox").output.trimmed
        return "\(engine.dataRoot)/content/blobs/sha256/\(digest.split(separator: ":").last ?? "")"
    }

    private func state(_ engine: Engine) -> String { "\(engine.dataRoot)/storage/\(engine.storage)" }

    /// A snapshot's folder, from its entry in the driver's index.
    private func folder(_ engine: Engine, _ key: String) -> String {
        let entry = Command.run(["sh", "-c", "readlink \(state(engine))/k/\(key)"]).output
        return "\(state(engine))/s/\(entry.split(separator: " ").dropFirst().first ?? "none")"
    }

    private func remove(_ engine: Engine, _ folder: String) {
        shell("[ -d \(folder) ]; btrfs property set \(folder)/fs ro false 2>/dev/null || true; rm -rf \(folder)")
    }

    @Test("a blob that is cut short is named, is not saved, and is not unpacked; the image runs; loading it again heals it")
    func truncated() {
        let engine = engine(), other = engine.storage == "vfs" ? "overlayfs" : "vfs"
        defer { engine.discard() }
        engine.withoutLeaks { name in
            let archive = "\(engine.root)/whole.tar", blob = blob(engine)
            engine.gantry("save", "-o", archive, "busybox")
            shell("truncate -s 100000 \(blob)")
            let check = engine.gantry("system", "check")
            #expect(check.status == 1 && check.output.contains("of the image busybox:latest, has 100000 bytes instead of "), "\(check.everything)")
            let save = engine.gantry("save", "-o", "\(engine.root)/broken.tar", "busybox")
            #expect(
                save.status == 1 && save.errors.contains("in the content store is damaged; `gantry system check --deep --repair` sets it aside, and then load the image again"), "\(save.everything)")
            #expect(engine.gantry("run", "--rm", "--name", name, "busybox", "echo", "runs").output == "runs\n")
            let unpack = engine.gantry("run", "--rm", "--name", name, "--storage-driver", other, "busybox", "true")
            #expect(unpack.status == 125 && unpack.errors.contains("is damaged; `gantry system check --deep --repair`"), "\(unpack.everything)")
            #expect(((try? Files.list("\(engine.dataRoot)/storage/\(other)/k")) ?? []).isEmpty)
            Command.run(["rm", "-r", "\(engine.dataRoot)/storage/\(other)"])
            let repaired = engine.gantry("system", "check", "--repair")
            #expect(repaired.status == 0 && repaired.output.contains("SET ASIDE") && repaired.output.contains("\(engine.dataRoot)/quarantine/blob-"), "\(repaired.everything)")
            let missing = engine.gantry("system", "check")
            #expect(missing.status == 1 && missing.output.contains("of the image busybox:latest, is missing: it can't be saved, or unpacked again; load the image again"), "\(missing.everything)")
            let again = engine.gantry("save", "-o", "\(engine.root)/broken.tar", "busybox")
            #expect(again.status == 1 && again.errors.contains("is missing from the content store; load the image again"), "\(again.everything)")
            #expect(engine.gantry("load", "-i", archive).status == 0)
            shell("rm -r \(engine.dataRoot)/quarantine")
            #expect(engine.gantry("system", "check", "--deep").output == "Everything agrees.\n")
            engine.gantry("save", "-o", "\(engine.root)/second.tar", "busybox")
            shell("cmp \(archive) \(engine.root)/second.tar")
        }
    }

    @Test("an image's configuration that is cut short is found by every check")
    func configuration() {
        let engine = engine()
        defer { engine.discard() }
        let id = engine.gantry("inspect", "--format", "{{.Id}}", "busybox").output.trimmed.split(separator: ":").last ?? ""
        shell(": >\(engine.dataRoot)/content/blobs/sha256/\(id)")
        let check = engine.gantry("system", "check", "--repair")
        #expect(check.status == 0 && check.output.contains("of the image busybox:latest, holds something else than its digest says"), "\(check.everything)")
        engine.importBusybox("other:1")
        #expect(engine.gantry("system", "check").output.contains("of the image busybox:latest, is missing"))
    }

    @Test("a blob with other content is found by a deep check, and nobody gets it for the real one")
    func altered() {
        let engine = engine(), other = engine.storage == "vfs" ? "overlayfs" : "vfs"
        defer { engine.discard() }
        let blob = blob(engine)
        engine.gantry("save", "-o", "\(engine.root)/whole.tar", "busybox")
        // In the middle of the busybox program: a sound archive with other bytes.
        shell("printf XYZ | dd of=\(blob) bs=1 seek=1000000 conv=notrunc status=none")
        #expect(engine.gantry("system", "check").status == 0, "the sizes are right")
        let save = engine.gantry("save", "-o", "\(engine.root)/broken.tar", "busybox")
        #expect(save.status == 1 && !Files.exists("\(engine.root)/broken.tar"), "\(save.everything)")
        let unpack = engine.gantry("run", "--rm", "--storage-driver", other, "busybox", "true")
        #expect(unpack.status == 125 && unpack.errors.contains("is damaged"), "\(unpack.everything)")
        let deep = engine.gantry("system", "check", "--deep", "--repair")
        #expect(deep.status == 0 && deep.output.contains("holds something else than its digest says"), "\(deep.everything)")
        #expect(engine.gantry("run", "--rm", "busybox", "echo", "runs").output == "runs\n")
        #expect(engine.gantry("load", "-i", "\(engine.root)/whole.tar").status == 0)
        #expect(engine.gantry("run", "--rm", "--storage-driver", other, "busybox", "echo", "there").output == "there\n")
        #expect(engine.gantry("system", "check", "--deep").status == 0)
    }

    @Test("an image's layer that is gone: a container says what to do, --repair unpacks it again in its old place", arguments: [false, true])
    func imageLayer(_ withRestart: Bool) {
        let engine = engine()
        defer { engine.discard() }
        engine.withoutLeaks { name in
            engine.gantry("run", "--name", name, "busybox", "sh", "-c", "[ -e /mine ] && cat /mine /etc/group || echo written >/mine")
            let key = ((try? Files.list("\(state(engine))/k")) ?? []).first { $0.hasPrefix("sha256-") } ?? ""
            if withRestart { engine.stop() }
            remove(engine, folder(engine, key))
            if withRestart { engine.start() }
            let check = engine.gantry("system", "check")
            #expect(check.status == 1 && check.output.contains("the layer \(key) is gone from \(engine.storage)"), "\(check.everything)")
            if engine.storage == "overlayfs" {
                let start = engine.gantry("start", "-a", name)
                #expect(start.status != 0 && start.errors.contains("is gone") && start.errors.contains("`gantry system check --repair` makes it again"), "\(start.everything)")
            }
            #expect(engine.gantry("ps", "-aq").status == 0)
            let repaired = engine.gantry("system", "check", "--repair")
            #expect(repaired.status == 0, "\(repaired.everything)\(engine.log)")
            #expect(engine.gantry("system", "check").output == "Everything agrees.\n")
            let start = engine.gantry("start", "-a", name)
            #expect(start.output.hasPrefix("written\nroot:x:0:"), "\(start.everything)")
            #expect(engine.gantry("run", "--rm", "--name", "\(name)2", "busybox", "echo", "new").output == "new\n")
        }
    }

    @Test("a layer that is gone can't be made again from a damaged blob")
    func badRestore() {
        let engine = engine()
        defer { engine.discard() }
        engine.gantry("create", "--name", "c", "busybox")
        let key = ((try? Files.list("\(state(engine))/k")) ?? []).first { $0.hasPrefix("sha256-") } ?? ""
        remove(engine, folder(engine, key))
        shell("printf XYZ | dd of=\(blob(engine)) bs=1 seek=1000000 conv=notrunc status=none")
        let repaired = engine.gantry("system", "check", "--repair")
        #expect(repaired.status == 1 && repaired.output.contains("failed") && repaired.output.contains("is damaged; `gantry system check --deep --repair`"), "\(repaired.everything)")
        #expect(((try? Files.list("\(state(engine))/k")) ?? []).allSatisfy { $0.hasPrefix("container-") })
    }

    @Test("a container's layer that is gone is named; one that was never started gets a new one")
    func containerLayer() {
        let engine = engine()
        defer { engine.discard() }
        engine.withoutLeaks { name in
            engine.gantry("run", "--name", "\(name)-used", "busybox", "true")
            engine.gantry("create", "--name", "\(name)-new", "busybox", "echo", "fresh")
            engine.gantry("create", "--name", "\(name)-other", "busybox", "echo", "other")
            for suffix in ["used", "new"] {
                let id = engine.gantry("inspect", "--format", "{{.Id}}", "\(name)-\(suffix)").output.trimmed
                remove(engine, folder(engine, "container-\(id)"))
            }
            let check = engine.gantry("system", "check")
            #expect(
                check.status == 1 && check.output.contains("the layer of the container \(name)-used is gone from \(engine.storage), and with it what the container wrote; remove the container"),
                "\(check.everything)")
            #expect(check.output.contains("the layer of the container \(name)-new is gone from \(engine.storage); it was never started"))
            let start = engine.gantry("start", "\(name)-used")
            #expect(
                start.status == 1
                    && start.errors.contains("the layer of the container \(name)-used is gone from \(engine.storage), and with it what the container wrote; remove the container and create it again"),
                "\(start.everything)")
            #expect(engine.gantry("start", "-a", "\(name)-new").output == "fresh\n")
            #expect(engine.gantry("start", "-a", "\(name)-other").output == "other\n")
            #expect(engine.gantry("rm", "\(name)-used").status == 0)
            #expect(engine.gantry("system", "check").output == "Everything agrees.\n")
        }
    }

    @Test("a container's folder that is gone is made again, by a start or by --repair")
    func containerFolder() {
        let engine = engine()
        defer { engine.discard() }
        engine.withoutLeaks { name in
            engine.gantry("run", "--name", name, "busybox", "cat", "/etc/hosts")
            let id = engine.gantry("inspect", "--format", "{{.Id}}", name).output.trimmed, folder = "\(engine.dataRoot)/containers/\(id)"
            shell("rm -r \(folder)")
            let check = engine.gantry("system", "check", "--repair")
            #expect(check.status == 0 && check.output.contains("the folder of the container \(name) is gone, and its log with it"), "\(check.everything)")
            #expect(Files.exists(folder) && engine.gantry("system", "check").status == 0)
            shell("rm -r \(folder)")
            #expect(engine.gantry("start", "-a", name).output.contains("localhost"))
            #expect(engine.gantry("logs", name).output.contains("localhost"))
        }
    }

    @Test("an entry of the driver's index that can't be read costs one container, and not its files")
    func index() {
        let engine = engine()
        defer { engine.discard() }
        engine.gantry("run", "--name", "lost", "busybox", "sh", "-c", "echo precious >/mine")
        engine.gantry("create", "--name", "fine", "busybox", "echo", "fine")
        let id = engine.gantry("inspect", "--format", "{{.Id}}", "lost").output.trimmed, folder = folder(engine, "container-\(id)")
        engine.kill()
        shell("ln -sfn rubbish \(state(engine))/k/container-\(id)")
        engine.start()
        #expect(engine.gantry("ps", "-a", "--format", "{{.Names}}").output == "fine\nlost\n")
        #expect(engine.gantry("start", "-a", "fine").output == "fine\n")
        #expect(engine.gantry("start", "lost").errors.contains("the layer of the container lost is gone"))
        #expect(engine.gantry("system", "check").output.contains("the layer of the container lost is gone"))
        let aside = "\(state(engine))/lost/folder-\(folder.split(separator: "/").last ?? "")"
        #expect(Files.exists("\(aside)/fs/mine"), "\(aside)")
        for (path, name) in [("k/container-\(id)", "container-\(id)"), ("s/\(aside.split(separator: "-").last ?? "")", "folder-")] {
            #expect(engine.log.contains("\(state(engine))/\(path) was set aside as \(state(engine))/lost/\(name)"), "\(engine.log)")
        }
        engine.gantry("rm", "lost")
        Command.run(["sh", "-c", "btrfs subvolume delete \(aside)/fs 2>/dev/null; rm -rf \(state(engine))/lost/*"])
    }
}
