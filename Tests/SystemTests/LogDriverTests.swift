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
            "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); echo $i; done; sleep 100")
        engine.kill()
        engine.start()
        var numbers: [Int] = []
        for _ in 0..<100 where numbers.count < 30_000 {
            numbers = engine.gantry("logs", "writer").output.split(separator: "\n").compactMap { Int($0) }
        }
        #expect(numbers == Array(1...30_000), "\(numbers.count)")
        #expect(engine.docker("logs", "--tail", "3", "writer").output == "29998\n29999\n30000\n")
        #expect(engine.gantry("inspect", "--format", "{{.HostConfig.LogConfig.Type}} {{index .HostConfig.LogConfig.Config \"max-size\"}}", "writer").output == "local 200k\n")
        let refused = engine.gantry("run", "--rm", "--log-driver", "local", "--log-opt", "foo=1", "busybox", "true")
        #expect(refused.status == 125 && refused.errors.contains("unknown log opt 'foo' for local log driver"), "\(refused.errors)")
    }
}
