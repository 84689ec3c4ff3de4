import Glibc
import LinuxSystem
import TestSupport
import Testing

/// A daemon that is killed in the middle of a step.
@Suite("steps that a kill cuts short", .enabled(if: Shared.isRoot), .serialized)
struct AdoptionRaceTests {
    private func state(_ engine: Engine, _ name: String) -> String {
        engine.gantry("inspect", "--format", "{{.State.Status}}", name).output.trimmed
    }

    /// A step, what the container is before it, and the states in which it may be found afterwards ("": gone).
    struct Step: Sendable, CustomTestStringConvertible {
        var name: String
        var prepare: [[String]]
        var step: [String]
        var outcomes: Set<String>
        var testDescription: String { name }
    }

    static let run = ["run", "-d", "--name", "cut", "-p", "18590:80", "-v", "/data", "busybox", "sleep", "1000"]
    static let create = ["create"] + run.dropFirst(2)
    static let steps = [
        Step(name: "create", prepare: [], step: create, outcomes: ["", "created"]),
        Step(name: "start", prepare: [create], step: ["start", "cut"], outcomes: ["created", "running"]),
        Step(name: "run", prepare: [], step: run, outcomes: ["", "created", "running"]),
        Step(name: "run --rm", prepare: [], step: ["run", "--rm", "--name", "cut", "-v", "/data", "busybox", "true"], outcomes: ["", "created"]),
        Step(name: "stop", prepare: [run], step: ["stop", "-t", "0", "cut"], outcomes: ["running", "exited"]),
        Step(name: "kill", prepare: [run], step: ["kill", "cut"], outcomes: ["running", "exited"]),
        Step(name: "restart", prepare: [run], step: ["restart", "-t", "0", "cut"], outcomes: ["running"]),
        Step(name: "pause", prepare: [run], step: ["pause", "cut"], outcomes: ["running", "paused"]),
        Step(name: "unpause", prepare: [run, ["pause", "cut"]], step: ["unpause", "cut"], outcomes: ["running", "paused"]),
        Step(name: "rm -v", prepare: [create], step: ["rm", "-v", "cut"], outcomes: ["", "created"]),
        Step(name: "rm -f -v", prepare: [run], step: ["rm", "-f", "-v", "cut"], outcomes: ["", "running", "exited"]),
    ]

    @Test("it has happened or it has not, and nothing is left over", arguments: steps)
    func cut(_ step: Step) {
        let engine = Engine(number: 57)
        engine.start()
        defer { engine.discard() }
        engine.importBusybox()
        // Everything that is made once is made now.
        engine.gantry("run", "--rm", "-p", "18590:80", "-v", "/data", "busybox", "true")
        let before = engine.objects()
        for round in 0..<4 {
            for command in step.prepare { #expect(engine.run(command).status == 0) }
            let call = Child(["\(engine.bin)/gantry"] + step.step, environment: engine.environment)
            usleep(UInt32(round * 9000 + Int.random(in: 0..<9000)))
            engine.crash(attempts: round % 2)
            _ = call.finish()
            #expect(engine.eventually { step.outcomes.contains(state(engine, "cut")) }, "round \(round): \(state(engine, "cut"))\n\(engine.log)")
            var shims = 0, running = 0
            // What the killed daemon has sent may still come to pass.
            let isWhole = engine.eventually {
                shims = engine.objects().counts["shims"] ?? 0
                running = engine.gantry("ps", "-q").output.split(separator: "\n").count
                return shims == (before.counts["shims"] ?? 0) + running
            }
            #expect(isWhole, "round \(round): \(shims) shims for \(running) containers")
            if state(engine, "cut") == "running" {
                #expect(engine.gantry("exec", "cut", "true").status == 0)
                #expect(engine.gantry("port", "cut").output.trimmed == "80/tcp -> 0.0.0.0:18590")
            }
            let exists = state(engine, "cut") != "", removal = engine.gantry("rm", "-f", "-v", "cut")
            #expect(removal.status == 0 || !exists, "round \(round): \(removal.everything)\n\(engine.log)")
        }
        #expect(engine.gantry("volume", "ls", "-q").output == "")
        var growth = objects(engine, since: before)
        _ = engine.eventually {
            growth = objects(engine, since: before)
            return growth.isEmpty
        }
        #expect(growth.isEmpty, "\(Command.run(["find", engine.dataRoot]).output)\n\(engine.log)")
    }

    /// Another daemon has other descriptors.
    private func objects(_ engine: Engine, since before: KernelObjects) -> [String] {
        engine.objects().growth(since: before).filter { !$0.hasPrefix("descriptors") }
    }
}
