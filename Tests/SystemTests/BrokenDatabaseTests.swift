import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("a broken state database", .enabled(if: Shared.isRoot), .serialized)
struct BrokenDatabaseTests {
    /// A daemon with an image, a volume, a container that wrote something and one that runs; stopped.
    private func engine(_ number: Int) -> Engine {
        let engine = Engine(number: number)
        engine.start()
        engine.importBusybox()
        engine.gantry("volume", "create", "vol")
        engine.gantry("run", "--name", "kept", "-v", "vol:/vol", "busybox", "sh", "-c", "echo precious >/mine; echo precious >/vol/mine")
        engine.gantry("run", "-d", "--name", "runs", "busybox", "sleep", "1000")
        engine.stop()
        return engine
    }

    private func files(_ engine: Engine) -> [String] {
        let places = ["storage/\(engine.storage)/k", "content/blobs/sha256", "containers", "volume/local"]
        return places.flatMap { place in ((try? Files.list("\(engine.dataRoot)/\(place)")) ?? []).sorted().map { "\(place)/\($0)" } }
    }

    private func python(_ engine: Engine, _ statement: String) {
        let done = Command.run(["python3", "-c", "import sqlite3; d = sqlite3.connect('\(engine.dataRoot)/state.sqlite'); d.execute(\"\(statement)\"); d.commit()"])
        #expect(done.status == 0, "\(done.everything)")
    }

    @Test(
        "a damaged database is set aside, and nothing of what its records owned is removed while it lies there",
        arguments: ["garbage": "head -c 40000 /dev/urandom >%", "truncated": "truncate -s 5000 %", "empty": ": >%", "missing": "rm %"].sorted { $0.key < $1.key }.map(\.value))
    func damaged(_ damage: String) {
        let engine = engine(33)
        defer { engine.discard() }
        let before = KernelObjects.count(daemon: 0, dataRoot: engine.dataRoot, execRoot: engine.execRoot), owned = files(engine)
        let script = damage.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "\(engine.dataRoot)/state.sqlite")
        Command.run(["sh", "-c", "rm -f \(engine.dataRoot)/state.sqlite-*; \(script)"])
        engine.start()
        #expect(engine.log.contains("was set aside as \(engine.dataRoot)/state.sqlite.damaged-"), "\(engine.log)")
        #expect(engine.gantry("ps", "-aq").output.isEmpty && engine.gantry("volume", "ls", "-q").output == "vol\n")
        #expect(engine.gantry("run", "--rm", "-v", "vol:/vol", "busybox", "true").errors.contains("No such image"))
        #expect(files(engine) == owned && engine.objects().counts["shims"] == 1, "what had records is there")
        let check = engine.gantry("system", "check", "--repair")
        #expect(
            check.status == 1 && check.output.contains("whose record was set aside; it is kept for as long as that lies there") && check.output.contains("state.sqlite.damaged-"), "\(check.everything)"
        )
        #expect(files(engine) == owned)
        engine.importBusybox("again:1")
        let run = engine.gantry("run", "--rm", "-v", "vol:/vol", "-p", "127.0.0.1::80", "again:1", "cat", "/vol/mine")
        #expect(run.output == "precious\n", "\(run.everything)\(engine.log)")
        #expect(Set(owned).isSubset(of: files(engine)))
        // The person has decided.
        Command.run(["sh", "-c", "rm \(engine.dataRoot)/state.sqlite.damaged-*"])
        #expect(engine.gantry("system", "check", "--repair").status == 0)
        #expect(engine.gantry("system", "check").output == "Everything agrees.\n")
        engine.gantry("rmi", "again:1")
        engine.gantry("volume", "rm", "vol")
        engine.stop()
        let growth = KernelObjects.count(daemon: 0, dataRoot: engine.dataRoot, execRoot: engine.execRoot).growth(since: before)
        #expect(growth.isEmpty && files(engine).isEmpty, "\(files(engine))")
    }

    @Test("a database that is missing is a damaged one too where there were only networks: a new data root has none")
    func missing() {
        let engine = Engine(number: 33)
        defer { engine.discard() }
        engine.start()
        #expect(!engine.log.contains("set aside"), "\(engine.log)")
        let link = "gt-\(engine.gantry("network", "create", "mine").output.prefix(12))"
        engine.stop()
        Command.run(["sh", "-c", "rm \(engine.dataRoot)/state.sqlite*"])
        engine.start()
        #expect(engine.log.contains("was set aside as \(engine.dataRoot)/state.sqlite.damaged-"), "\(engine.log)")
        #expect(engine.gantry("system", "check", "--repair").status == 1 && Files.exists("/sys/class/net/\(link)"))
        Command.run(["sh", "-c", "rm \(engine.dataRoot)/state.sqlite.damaged-*"])
        #expect(engine.gantry("system", "check", "--repair").status == 0 && !Files.exists("/sys/class/net/\(link)"))
    }

    @Test("a record that can't be read is set aside, and keeps what it owns; everything else works")
    func record() {
        let engine = engine(33)
        defer { engine.discard() }
        let owned = files(engine)
        python(engine, "UPDATE record SET body = '{\\\"id\\\":' WHERE kind = 'container' AND name = 'kept'")
        engine.start()
        #expect(engine.log.contains("the stored container") && engine.log.contains("can't be read and was set aside"), "\(engine.log)")
        #expect(engine.gantry("ps", "-a", "--format", "{{.Names}}").output == "runs\n")
        #expect(engine.gantry("exec", "runs", "echo", "ok").output == "ok\n")
        let check = engine.gantry("system", "check", "--repair")
        #expect(check.status == 1 && check.output.contains("record container "), "\(check.everything)")
        #expect(files(engine) == owned)
        engine.kill()
        engine.start()
        #expect(files(engine) == owned, "the next daemon keeps it as well")
    }

    @Test("an image's record that can't be read costs no layer and no blob, and its containers start")
    func imageRecord() {
        let engine = engine(33)
        defer { engine.discard() }
        let owned = files(engine)
        python(engine, "UPDATE record SET body = 'x' WHERE kind = 'image'")
        engine.start()
        #expect(engine.gantry("images", "-q").output.isEmpty)
        #expect(engine.gantry("start", "-a", "kept").status == 0)
        engine.importBusybox("other:1")
        engine.gantry("rmi", "other:1")
        #expect(Set(owned).isSubset(of: files(engine)))
        #expect(engine.gantry("system", "check").output.contains("record image sha256:"))
    }

    @Test("a running container keeps its network when the record of either can't be read", arguments: ["network", "container"])
    func endpoint(_ kind: String) {
        let engine = Engine(number: 33)
        defer { engine.discard() }
        engine.start()
        engine.importBusybox()
        engine.gantry("network", "create", "mine")
        engine.gantry("run", "-d", "--name", "web", "--network", "mine", "-p", "127.0.0.1:18133:80", "busybox", "httpd", "-f", "-p", "80", "-h", "/www")
        func page() -> String { Command.run(["curl", "-s", "-m", "5", "http://127.0.0.1:18133/"]).output }
        #expect(engine.eventually { page().contains("hello from inside") })
        engine.stop()
        python(engine, "UPDATE record SET body = '{' WHERE kind = '\(kind)' AND name IN ('mine', 'web')")
        engine.start()
        #expect(page().contains("hello from inside"), "\(engine.log)")
        let check = engine.gantry("system", "check", "--repair")
        #expect(check.status == 1 && check.output.contains("it is kept for as long as the record or database that was set aside lies there"), "\(check.everything)")
        #expect(!check.output.contains("repaired   "), "\(check.everything)")
        #expect(page().contains("hello from inside"))
        engine.stop()
        python(engine, "DELETE FROM quarantine")
        engine.start()
        engine.gantry("rm", "-f", "web")
        #expect(engine.gantry("system", "check", "--repair").status == 0 && engine.objects().counts["shims"] == 0)
        #expect(engine.gantry("system", "check").output == "Everything agrees.\n")
    }

    @Test("a database of a newer release is refused in one sentence and not touched")
    func newer() {
        let engine = engine(33)
        defer { engine.discard() }
        python(engine, "INSERT INTO grdb_migrations VALUES ('99')")
        let refused = engine.attempt()
        #expect(
            refused.status == 1 && refused.errors.contains("the state database was written by a newer gantryd; install that release again, or begin with another --data-root\n"),
            "\(refused.everything)")
        python(engine, "DELETE FROM grdb_migrations WHERE identifier = '99'")
        engine.start()
        #expect(engine.gantry("exec", "runs", "echo", "ok").output == "ok\n")
    }
}
