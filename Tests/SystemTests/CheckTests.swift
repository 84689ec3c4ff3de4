import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("gantry system check", .enabled(if: Shared.isRoot), .serialized)
struct CheckTests {
    @Test("on an engine at work nothing is found, and ps answers")
    func busy() {
        let engine = Engine(number: 30)
        engine.start()
        defer { engine.discard() }
        engine.warm()
        engine.withoutLeaks { name in
            let script = """
                export PATH=\(engine.bin):$PATH
                (i=0; while [ $i -lt 12 ]; do gantry run --rm --name \(name)-a$i -p 127.0.0.1::80 busybox true || exit 1; i=$((i+1)); done; echo done) &
                (i=0; while [ $i -lt 8 ]; do gantry run -d --name \(name)-b$i -v \(name)-v$i:/data busybox sleep 1000 >/dev/null && gantry exec \(name)-b$i true && gantry rm -f \(name)-b$i >/dev/null && gantry volume rm \(name)-v$i >/dev/null || exit 1; i=$((i+1)); done; echo done) &
                (i=0; while [ $i -lt 5 ]; do gantry import \(engine.root)/busybox.tar \(name):$i >/dev/null && gantry rmi \(name):$i >/dev/null || exit 1; i=$((i+1)); done; echo done) &
                (i=0; while [ $i -lt 5 ]; do gantry network create \(name)-n$i >/dev/null && gantry run --rm --name \(name)-c$i --network \(name)-n$i busybox true && gantry network rm \(name)-n$i >/dev/null || exit 1; i=$((i+1)); done; echo done) &
                """
            // Not `wait`: the test program's children begin with SIGCHLD blocked.
            let work = Child(["sh", "-c", "{ \(script) } >\(engine.root)/work.log 2>&1"], environment: engine.environment)
            let log = { (try? Files.read("\(engine.root)/work.log")).map { String(decoding: $0, as: UTF8.self) } ?? "" }
            var checks = 0
            while log().split(separator: "\n").count < 4, checks < 3000 {
                let check = engine.gantry("system", "check", "--repair")
                #expect(check.output == "Everything agrees.\n" && check.status == 0, "\(check.everything)")
                #expect(engine.gantry("ps", "-q").status == 0)
                checks += 1
            }
            #expect(log() == "done\ndone\ndone\ndone\n" && checks > 3, "the work beside went well")
            _ = work.finish()
        }
    }

    @Test("what is ours and has no owner is found by its mark, and removed by --repair")
    func orphans() {
        let engine = Engine(number: 31)
        engine.start()
        defer { engine.discard() }
        engine.warm()
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "-p", "127.0.0.1:18131:80", "busybox", "sleep", "1000")
            let id = engine.gantry("inspect", "--format", "{{.Id}}", name).output.trimmed
            let mark = engine.mark
            let stray = String(repeating: "ab", count: 32)
            let made = Command.run([
                "sh", "-ec",
                """
                mkdir \(engine.execRoot)/containers/\(stray) \(engine.dataRoot)/containers/\(stray); echo log >\(engine.dataRoot)/containers/\(stray)/log
                mkdir \(Engine.cgroups)/gantry/\(stray)
                ip link add gv\(stray.prefix(11)) type veth peer name stray1; ip link set gv\(stray.prefix(11)) alias gantry:\(mark):\(stray)
                nft add element ip gantry_\(mark) published '{ tcp . 18139 comment "\(stray)" : 172.31.31.77 . 80 }'
                mount -t tmpfs none \(engine.dataRoot)/scratch
                echo half >\(engine.dataRoot)/content/ingest/blob-half; echo x >\(engine.dataRoot)/content/blobs/sha256/\(stray)
                """,
            ])
            #expect(made.status == 0, "\(made.everything)")
            Self.mark(cgroup: "\(Engine.cgroups)/gantry/\(stray)", mark)
            let found = engine.gantry("system", "check")
            #expect(found.status == 1 && found.output.hasSuffix("Repair what can be with: gantry system check --repair\n"), "\(found.everything)")
            let json = engine.gantry("system", "check", "--json").output
            for kind in ["shim", "folder", "cgroup", "endpoint", "mount", "file", "blob"] {
                #expect(json.contains("\"Kind\":\"\(kind)\"") && found.output.contains("\(kind) "), "\(kind): \(json)")
            }
            #expect(!json.contains("\"Repair\":\"report\"") && !found.output.contains(String(id.prefix(12))), "\(json)")
            let repaired = engine.gantry("system", "check", "--repair")
            #expect(repaired.status == 0 && repaired.output.hasSuffix("all repaired.\n"), "\(repaired.everything)\(engine.log)")
            #expect(engine.gantry("system", "check").output == "Everything agrees.\n")
            #expect(!Files.exists("\(Engine.cgroups)/gantry/\(stray)") && Files.exists("\(Engine.cgroups)/gantry/\(id)"))
            #expect(engine.gantry("exec", name, "echo", "fine").output == "fine\n")
        }
    }

    @Test("the cgroup of another daemon's container is not ours to touch")
    func others() {
        let engine = Engine(number: 32)
        engine.start()
        defer { engine.discard() }
        let stray = "\(Engine.cgroups)/gantry/" + String(repeating: "cd", count: 32)
        try? Files.makeDirectories(stray)
        defer { rmdir(stray) }
        #expect(engine.gantry("system", "check", "--repair").output == "Everything agrees.\n")
        Self.mark(cgroup: stray, "01234567")
        #expect(engine.gantry("system", "check", "--repair").output == "Everything agrees.\n")
        engine.stop()
        engine.start()
        #expect(Files.exists(stray))
    }

    @Test("files and folders of others are named and left alone, also by the next daemon")
    func foreign() {
        let engine = Engine(number: 32)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        engine.gantry("volume", "create", "vol")
        let places =
            ["", "content/", "content/ingest/", "content/blobs/", "content/blobs/sha256/", "containers/", "storage/", "volume/", "drivers/"].map { "\(engine.dataRoot)/\($0)" }
            + ["\(engine.execRoot)/containers/"]
        let hidden = ["storage/\(engine.storage)/s/", "storage/\(engine.storage)/", "volume/local/"].map { "\(engine.dataRoot)/\($0)" }
        for place in places + hidden {
            #expect(Command.run(["sh", "-ec", "mkdir -p '\(place)my stuff'; echo x >'\(place)my stuff/file'; echo x >\(place)note.txt"]).status == 0)
        }
        func expectNamed() {
            let check = engine.gantry("system", "check", "--repair")
            #expect(check.status == 1 && check.output.contains("0 findings repaired, \(places.count * 2) left."), "\(check.everything)")
            for place in places { #expect(check.output.contains("\(place)my stuff ") && check.output.contains("\(place)note.txt "), "\(place): \(check.output)") }
            for place in places + hidden { #expect(Files.exists("\(place)my stuff/file") && Files.exists("\(place)note.txt"), "\(place)") }
        }
        expectNamed()
        engine.kill()
        engine.start()
        #expect(engine.gantry("run", "--rm", "-v", "vol:/v", "busybox", "echo", "ok").output == "ok\n")
        expectNamed()
    }

    @Test("what others mounted in the engine's folders keeps its files, whatever is removed there")
    func mounted() {
        let engine = Engine(number: 32)
        engine.start()
        defer { engine.discard() }
        engine.gantry("volume", "create", "vol")
        let places = ["content/ingest/blob-half", "scratch/other", "volume/local/vol/_data/share"].map { "\(engine.dataRoot)/\($0)" }
        let other = "\(engine.root)/other"
        for place in places {
            #expect(Command.run(["sh", "-ec", "mkdir -p \(other) \(place); echo precious >\(other)/file; mount --bind \(other) \(place)"]).status == 0)
        }
        // The volume's lies elsewhere when that is removed.
        defer { Command.run(["sh", "-c", "awk -v root=\(engine.dataRoot)/ 'index($5, root) == 1 { print $5 }' /proc/self/mountinfo | xargs -r -n 1 umount -l"]) }
        engine.kill()
        engine.start()
        #expect(engine.gantry("volume", "rm", "vol").status == 0)
        #expect(Files.exists("\(other)/file"))
        let check = engine.gantry("system", "check", "--repair")
        #expect(check.output.contains("content/ingest/blob-half") && check.output.contains("a mount that no container has"), "\(check.everything)")
        #expect(Files.exists("\(other)/file"))
        #expect(engine.gantry("system", "check", "--repair").output.contains("\(engine.dataRoot)/scratch/other "))
        #expect(!Files.exists(places[0]) && !Command.run(["grep", "\(engine.dataRoot)/[cs]", "/proc/self/mountinfo"]).output.contains("/"))
        #expect(Files.exists("\(other)/file"))
    }

    @Test("a mount in the engine's folders is found also where the data root is a symbolic link")
    func linked() {
        let engine = Engine(number: 32)
        // On btrfs the data root is a file system of its own.
        let isLinked = rmdir(engine.dataRoot) == 0 || errno == ENOENT
        if isLinked { #expect(Command.run(["sh", "-ec", "mkdir \(engine.root)/real; ln -s real \(engine.dataRoot)"]).status == 0) }
        engine.start()
        defer { engine.discard() }
        #expect(Command.run(["mount", "-t", "tmpfs", "none", "\(engine.dataRoot)/scratch"]).status == 0)
        let check = engine.gantry("system", "check", "--repair")
        #expect(check.status == 0 && check.output.contains("a mount that no container has"), "\(check.everything)")
        #expect(engine.gantry("system", "check").output == "Everything agrees.\n")
    }

    @Test("a repair that changes nothing is none")
    func vain() {
        let engine = Engine(number: 32)
        engine.start()
        defer { engine.discard() }
        let blobs = "\(engine.dataRoot)/content/blobs/sha256", folder = String(repeating: "ab", count: 32), file = String(repeating: "cd", count: 32)
        #expect(Command.run(["sh", "-ec", "mkdir \(blobs)/\(folder); echo x >\(blobs)/\(folder)/file; echo x >\(blobs)/\(file)"]).status == 0)
        let check = engine.gantry("system", "check", "--repair")
        #expect(check.status == 1 && check.output.contains("it is still so") && check.output.contains("1 finding repaired, 1 left."), "\(check.everything)")
        #expect(Files.exists("\(blobs)/\(folder)/file") && !Files.exists("\(blobs)/\(file)"), "one that can't be removed holds up no other")
    }

    private static func mark(cgroup: String, _ mark: String) {
        guard let folder = try? Files.open(cgroup, O_RDONLY | O_DIRECTORY) else { return }
        _ = Array(mark.utf8).withUnsafeBytes { bytes in try? ExtendedAttributes.set(folder.raw, "trusted.gantry.mark", bytes) }
    }
}

extension Engine {
    /// Loads what is loaded on demand, so that no test counts it as its leak.
    func warm() {
        importBusybox()
        gantry("run", "-d", "--name", "warm", "-p", "127.0.0.1::80", "-v", "/data", "busybox", "sleep", "1000")
        gantry("exec", "warm", "true")
        gantry("logs", "warm")
        gantry("rm", "-f", "-v", "warm")
        gantry("system", "check")
    }

    /// What its kernel objects carry.
    var mark: String {
        let links = Command.run(["ip", "-d", "link", "show", bridge]).output
        return links.split(whereSeparator: { $0 == ":" || $0.isWhitespace }).drop { $0 != "gantry" }.dropFirst().first.map(String.init) ?? ""
    }

    /// A hierarchy in which containers have cgroups, the first one.
    static var cgroups: String { Files.exists("/sys/fs/cgroup/cgroup.controllers") ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu" }
}
