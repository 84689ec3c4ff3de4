import Glibc
import TestSupport
import Testing

@Suite("log drivers", .enabled(if: Shared.isRoot), .serialized)
struct LogDriverTests {
    let engine = Shared.engine

    @Test("several serve at once, each container says which it has, and one that can't read says so as Docker does")
    func several() {
        engine.withoutLeaks { name in
            let first = engine.gantry("run", "--name", "\(name)a", "busybox", "echo", "kept")
            let second = engine.gantry("run", "--name", "\(name)b", "--log-driver", "none", "busybox", "echo", "forgotten")
            #expect(first.output == "kept\n" && second.output == "forgotten\n", "\(second.everything)")
            #expect(engine.gantry("logs", "\(name)a").output == "kept\n")
            let refused = engine.gantry("logs", "\(name)b")
            #expect(refused.status == 1 && refused.errors == "Error response from daemon: configured logging driver does not support reading\n", "\(refused.everything)")
            #expect(engine.gantry("inspect", "--format", "{{.HostConfig.LogConfig.Type}}", "\(name)b").output == "none\n")
            let plugins = engine.docker("info", "--format", "{{json .Plugins.Log}}").output.trimmed
            #expect(plugins == #"["json-file","local","none","syslog"]"#, "\(plugins)")
        }
    }

    @Test("local keeps every line once and in order, over rotation, compression and a killed daemon")
    func local() {
        let engine = Engine(number: 55)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        engine.gantry(
            "run", "-d", "--name", "writer", "--log-driver", "local", "--log-opt", "max-size=200k", "--log-opt", "max-file=1000", "busybox", "sh", "-c",
            "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); echo $i; done; sleep 1000")
        engine.kill()
        engine.start()
        var numbers: [Int] = []
        _ = engine.eventually {
            numbers = engine.gantry("logs", "writer").output.split(separator: "\n").compactMap { Int($0) }
            return numbers.count >= 30_000
        }
        #expect(numbers == Array(1...30_000), "\(numbers.count)")
        #expect(engine.docker("logs", "--tail", "3", "writer").output == "29998\n29999\n30000\n")
        #expect(engine.gantry("inspect", "--format", "{{.HostConfig.LogConfig.Type}} {{index .HostConfig.LogConfig.Config \"max-size\"}}", "writer").output == "local 200k\n")
        let refused = engine.gantry("run", "--rm", "--log-driver", "local", "--log-opt", "foo=1", "busybox", "true")
        #expect(refused.status == 125 && refused.errors.contains("unknown log opt 'foo' for local log driver"), "\(refused.errors)")
    }

    @Test("a running container's log driver changes under eight writers: every line once, each writer's in order")
    func swap() throws {
        let engine = Engine(number: 56)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        let lines = 4_000
        engine.gantry(
            "run", "-d", "--name", "writers", "busybox", "sh", "-c",
            "for w in 1 2 3 4 5 6 7 8; do (i=0; while [ $i -lt \(lines) ]; do i=$((i+1)); echo $w $i; done) & done; wait; echo end; sleep 1000")
        let follower = engine.child("logs", "-f", "writers")
        for driver in ["local", "json-file", "local"] {
            usleep(60_000)
            let change = engine.gantry("update", "--log-driver", driver, "--log-opt", "max-file=100", "--log-opt", "max-size=100k", "writers")
            #expect(change.output == "writers\n", "\(change.everything)")
        }
        #expect(engine.gantry("inspect", "--format", "{{.HostConfig.LogConfig.Type}}", "writers").output == "local\n")
        // A driver that can't be, and one that refuses its options, change nothing.
        #expect(engine.gantry("update", "--log-driver", "nope", "writers").errors.contains("logger: no log driver named 'nope' is registered"))
        let refused = engine.gantry("update", "--log-driver", "json-file", "--log-opt", "max-file=0", "writers")
        #expect(
            refused.errors.contains("the log driver of container writers was not changed to json-file, and its output goes where it went: max-file cannot be less than 1"),
            "\(refused.everything)")
        #expect(engine.gantry("inspect", "--format", "{{.HostConfig.LogConfig.Type}}", "writers").output == "local\n")
        #expect(engine.eventually { engine.gantry("logs", "--tail", "1", "writers").output == "end\n" })
        engine.kill()
        engine.start()
        check(engine.gantry("logs", "writers").output, lines)
        #expect(engine.gantry("logs", "--tail", "20000", "writers").output.split(separator: "\n").count == 20_000)
        let moved = engine.gantry("update", "--log-driver", "json-file", "writers")
        #expect(moved.status == 0, "adopted, its log still changes: \(moved.everything)")
        engine.gantry("exec", "writers", "sh", "-c", "echo after >/proc/1/fd/1")
        #expect(engine.eventually { engine.gantry("logs", "--tail", "2", "writers").output == "end\nafter\n" })
        engine.gantry("rm", "-f", "writers")
        let followed = follower.finish()
        #expect(followed.output.hasPrefix("1 1\n") || followed.output.contains("\n1 1\n"), "a follower that began before saw it all until the daemon was killed")
    }

    /// Each writer's numbers, once and in order.
    private func check(_ output: String, _ count: Int) {
        var next = Array(repeating: 1, count: 9)
        for line in output.split(separator: "\n") where line != "end" {
            let parts = line.split(separator: " ").compactMap { Int($0) }
            guard parts.count == 2, (1...8).contains(parts[0]), parts[1] == next[parts[0]] else {
                Issue.record("\(line) where a writer's \(next) was due")
                return
            }
            next[parts[0]] += 1
        }
        #expect(next.dropFirst().allSatisfy { $0 == count + 1 }, "\(next)")
    }
}
