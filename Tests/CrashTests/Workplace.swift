import Glibc
import LinuxSystem
import TestSupport
import Testing

/// A daemon that dies often, and what there is to be seen of its state.
final class Workplace {
    let engine: Engine
    /// Something was not as it should be: what follows would only be its consequence.
    private(set) var isSpoilt = false
    /// Without anything that an operation makes.
    private var rest: KernelObjects?

    init(number: Int, storage: String = "overlayfs") {
        engine = Engine(number: number, storage: storage)
        engine.start()
        engine.importBusybox()
        let script = """
            set -e; mkdir -p $root/tree/bin; cp /bin/busybox $root/tree/bin; ln -s busybox $root/tree/bin/cat; ln -s busybox $root/tree/bin/sh; echo other >$root/tree/file
            tar -C $root/tree --owner=0 --group=0 --numeric-owner -cf $root/other.tar .; rm -rf $root/tree
            g import $root/other.tar other:1; g save -o $root/saved.tar other:1; g rmi other:1
            """
        let made = run(script)
        if made.status != 0 { fail("no workplace: \(made.everything)") }
        FaultyDriver.build(["1.0", "1.1"], in: "\(engine.root)/versions")
    }

    static let isRoot: Bool = {
        if geteuid() != 0 && getenv("GANTRY_TEST_ROOT") != nil { Issue.record("the crash tests need root") }
        return geteuid() == 0
    }()

    func fail(_ text: String) {
        Issue.record("\(text)\n\(engine.log)")
        isSpoilt = true
    }

    func run(_ script: String) -> Command {
        let start = "root=\(engine.root); g() { \"\(engine.bin)/gantry\" \"$@\"; }\n"
        return Command.run(["sh", "-c", start + script], environment: engine.environment)
    }

    func clearLog() { unlink("\(engine.root)/daemon.log") }

    /// Everything that a user can list, without what is never the same twice.
    func inventory(_ more: String) -> String {
        run(
            """
            g ps -a --format '{{.Names}} {{.Image}} {{.State}}' | sort
            g images --format '{{.Repository}}:{{.Tag}}' | sort
            g volume ls --format '{{.Driver}} {{.Name}}' | sed -E 's/[0-9a-f]{64}/anonymous/' | sort
            g network ls --format '{{.Driver}} {{.Name}}' | sort
            g driver ls --format '{{.State}} {{.Name}} {{.Version}}' | sed -n 's/^[a-z]* faulty/faulty/p' | sort | tail -1
            \(more)
            """
        ).everything
    }

    /// From now on, what there is more of is a leak.
    func rememberRest() { rest = objects() }

    /// What there is that should not be; the kernel gets some time to take things down.
    func leaks() -> [String] {
        var found: [String] = []
        _ = engine.eventually {
            found = growth()
            return found.isEmpty
        }
        return found
    }

    private func growth() -> [String] { rest.map { objects().growth(since: $0) } ?? [] }

    private func objects() -> KernelObjects { .count(daemon: 0, dataRoot: engine.dataRoot, execRoot: engine.execRoot) }

    func files() -> String { Command.run(["sh", "-c", "cd \(engine.root); find data exec -not -path '*/fs/*' -not -name 'state.sqlite*'"]).output }
}
