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
            #expect(plugins == #"["json-file","none","syslog"]"#, "\(plugins)")
        }
    }
}
