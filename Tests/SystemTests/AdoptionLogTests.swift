import Glibc
import LinuxSystem
import TestSupport
import Testing

/// What containers write while daemons are killed.
@Suite("logs without a daemon", .enabled(if: Shared.isRoot), .serialized)
struct AdoptionLogTests {
    private static let endless = "i=0; while :; do i=$((i+1)); echo $i; done"
    private static let many = ["--log-opt", "max-size=10m", "--log-opt", "max-file=1000"]

    private func numbers(_ engine: Engine, _ name: String) -> [Int] {
        engine.gantry("logs", name, seconds: 120).output.split(separator: "\n").compactMap { Int($0) }
    }

    @Test("a writer at full speed through five kills: every line once, in order", arguments: ["json-file", "local"])
    func writer(_ driver: String) {
        withEngine(51) { engine in
            _ = engine.run(["run", "-d", "--name", "writer", "--log-driver", driver] + Self.many + ["busybox", "sh", "-c", Self.endless])
            for _ in 0..<5 {
                usleep(UInt32.random(in: 0...80_000))
                engine.crash()
            }
            engine.gantry("stop", "-t", "0", "writer")
            let all = numbers(engine, "writer")
            #expect(all.count > 1000 && all == Array(1...max(all.count, 1)), "\(all.count) lines")
        }
    }

    @Test("a client that does not read holds its container up, and a killed daemon lets it go on")
    func fullPipe() {
        withEngine(52) { engine in
            engine.gantry("create", "--name", "held", "busybox", "sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); echo $i; done; exec sleep 1000")
            let stream = RawConnection("\(engine.root)/gantry.sock", receiveBuffer: 4096)
            stream.send("POST", "/v1.43/containers/held/attach?stream=1&stdout=1", headers: ["Connection: Upgrade", "Upgrade: tcp"])
            #expect(stream.head().hasPrefix("HTTP/1.1 101"))
            engine.gantry("start", "held")
            engine.crash(attempts: 1)
            #expect(engine.eventually { engine.gantry("logs", "--tail", "1", "held").output == "200000\n" })
            #expect(numbers(engine, "held") == Array(1...200_000))
            withExtendedLifetime(stream) {}
        }
    }

    @Test("a daemon that is killed while it changes a log driver: the change is there or not, and every line once")
    func change() {
        withEngine(53) { engine in
            _ = engine.run(["run", "-d", "--name", "writer"] + Self.many + ["busybox", "sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; usleep 200; done"])
            var driver = "local"
            for round in 0..<8 {
                let change = engine.child("update", "--log-driver", driver, "--log-opt", "max-size=10m", "--log-opt", "max-file=1000", "writer")
                usleep(UInt32(2000 * round))
                engine.crash()
                _ = change.finish()
                let now = engine.gantry("inspect", "--format", "{{.HostConfig.LogConfig.Type}}", "writer").output.trimmed
                #expect(["json-file", "local"].contains(now))
                let last = numbers(engine, "writer").last ?? 0
                #expect(engine.eventually { (numbers(engine, "writer").last ?? 0) > last }, "what is written now is shown")
                driver = now == "local" ? "json-file" : "local"
            }
            engine.gantry("stop", "-t", "0", "writer")
            let all = numbers(engine, "writer")
            #expect(all == Array(1...max(all.count, 1)), "\(all.count) lines")
        }
    }

    @Test("a slow log driver keeps its container's lines through kills", arguments: [1, 3])
    func slow(_ kills: Int) {
        withEngine(54) { engine in
            let place = "\(engine.root)/liblog-lines.so"
            let folder = String(#filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/"))
            let built = Command.run([
                "cc", "-O1", "-fPIC", "-shared", "-DDELAY=20000", "-I\(folder)/../../Sources/CDriverABI/include",
                "\(folder)/../DriverHostTests/Fixtures/lines.c", "-o", place,
            ])
            #expect(built.status == 0, "\(built.everything)")
            #expect(engine.gantry("driver", "install", place).status == 0)
            let run = engine.gantry("run", "-d", "--name", "slow", "--log-driver", "lines", "busybox", "sh", "-c", "i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo $i; done; exec sleep 1000")
            #expect(run.status == 0, "\(run.everything)")
            engine.crash(attempts: kills)
            #expect(engine.eventually { numbers(engine, "slow").count >= 60 })
            #expect(numbers(engine, "slow") == Array(1...60))
            engine.gantry("rm", "-f", "slow")
        }
    }
}
