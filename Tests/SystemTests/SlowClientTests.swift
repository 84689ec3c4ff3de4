import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Clients that ask for much and read nothing.
@Suite("slow clients", .enabled(if: Shared.isRoot), .serialized)
struct SlowClientTests {
    let engine = Shared.engine

    var socket: String { "\(engine.root)/gantry.sock" }

    /// KiB of memory that the process has of its own.
    static func memory(_ pid: Int32) -> Int {
        let text = (try? Files.read("/proc/\(pid)/status")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("RssAnon:") } ?? ""
        return line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }

    /// The shim of a container: the parent of its first process.
    static func shim(_ engine: Engine, _ name: String) -> Int32 {
        let pid = engine.gantry("inspect", "--format", "{{.State.Pid}}", name).output.trimmed
        let text = (try? Files.read("/proc/\(pid)/status")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").first { $0.hasPrefix("PPid:") }.flatMap { Int32($0.split(separator: "\t").last ?? "") } ?? 0
    }

    @Test("logs and images that nobody reads do not grow the daemon")
    func daemon() {
        engine.withoutLeaks { name in
            engine.gantry("run", "--name", name, "busybox", "sh", "-c", "yes 0123456789012345678901234567890123456789012345678901234567890123456789 | head -c 60000000", seconds: 120)
            let before = Self.memory(engine.pid)
            var readers: [RawConnection] = []
            for _ in 0..<8 {
                let reader = RawConnection(socket, receiveBuffer: 4096)
                reader.send("GET", "/v1.43/containers/\(name)/logs?stdout=1&stderr=1")
                #expect(reader.head().hasPrefix("HTTP/1.1 200 OK"))
                readers.append(reader)
                let image = RawConnection(socket, receiveBuffer: 4096)
                image.send("GET", "/v1.43/images/busybox/get")
                #expect(image.head().hasPrefix("HTTP/1.1 200 OK"))
                readers.append(image)
            }
            var filled = before
            let isFull = engine.eventually {
                let last = filled
                sleep(2)
                filled = Self.memory(engine.pid)
                return filled - last < 1 << 10
            }
            #expect(isFull && filled - before < 32 << 10, "16 readers that read nothing cost \(filled - before) KiB")
            #expect(engine.gantry("ps").status == 0, "others are served")
            withExtendedLifetime(readers) {}
        }
    }

    @Test("an attached client that does not read grows neither daemon nor shim")
    func attached() {
        engine.withoutLeaks { name in
            engine.gantry("create", "--name", name, "--log-opt", "max-size=1m", "busybox", "sh", "-c", "yes 0123456789012345678901234567890123456789 | head -c 100000000; sleep 1000")
            let stream = RawConnection(socket, receiveBuffer: 4096)
            stream.send("POST", "/v1.43/containers/\(name)/attach?stream=1&stdout=1", headers: ["Connection: Upgrade", "Upgrade: tcp"])
            #expect(stream.head().hasPrefix("HTTP/1.1 101"))
            engine.gantry("start", name)
            let shim = Self.shim(engine, name), daemon = Self.memory(engine.pid), own = Self.memory(shim)
            #expect(shim > 1 && own > 0, "the shim is \(shim)")
            sleep(3)
            #expect(Self.memory(shim) - own < 4 << 10, "the shim grew by \(Self.memory(shim) - own) KiB")
            #expect(Self.memory(engine.pid) - daemon < 8 << 10, "the daemon grew by \(Self.memory(engine.pid) - daemon) KiB")
            #expect(engine.gantry("exec", name, "echo", "alive").output == "alive\n")
            withExtendedLifetime(stream) {}
        }
    }
    /// Numbered lines of a kilobyte, from a word on, for as long as somebody takes them; the last one is written down.
    private static let writer = "while [ ! -e /out/go ]; do sleep 0.01; done; p=$(printf '%1000s'); i=0; while :; do i=$((i+1)); echo \"$i $p\"; echo $i >/out/last; done"

    @Test("an attached client that does not read holds nothing back from the log when the container ends, and gets the rest when it reads", arguments: [false, true])
    func end(ofExec isExec: Bool) throws {
        try engine.withoutLeaks { name in
            let folder = "\(engine.root)/out-\(name)"
            try Files.makeDirectory(folder, mode: 0o777)
            defer { try? Files.removeTree(folder) }
            _ = engine.run(["create", "--name", name, "-v", "\(folder):/out", "busybox"] + (isExec ? ["sleep", "1000"] : ["sh", "-c", Self.writer]))
            let stream = RawConnection(socket, receiveBuffer: 4096)
            if isExec { engine.gantry("start", name) }
            let exec = isExec ? createExec(name) : ""
            let path = isExec ? "exec/\(exec)/start" : "containers/\(name)/attach?stream=1&stdout=1"
            stream.send("POST", "/v1.43/\(path)", headers: ["Connection: Upgrade", "Upgrade: tcp"], body: isExec ? "{}" : "")
            #expect(stream.head().hasPrefix("HTTP/1.1 101"))
            if !isExec { engine.gantry("start", name) }
            let pid = engine.firstProcess(of: name), writer = isExec ? execPID(exec) : pid
            // The daemon's buffers are a part of the client's, and nothing moves in them now.
            engine.signal(SIGSTOP)
            defer { engine.signal(SIGCONT) }
            try Files.replace("\(folder)/go", with: [])
            #expect(engine.eventually { String(decoding: (try? Files.read("/proc/\(writer)/wchan")) ?? [], as: UTF8.self).contains("pipe_write") }, "it waits for its client")
            // Its shim finds the end of the process and that of its pipes at the same time.
            let shim = Engine.parent(pid)
            kill(shim, SIGSTOP)
            kill(pid, SIGKILL)
            #expect(engine.eventually { !Engine.runs(writer) })
            kill(shim, SIGCONT)
            #expect(engine.eventually { !Files.exists("/proc/\(pid)") }, "its shim has seen its end")
            engine.signal(SIGCONT)
            #expect(engine.gantry("wait", name).output == "137\n")
            let last = Int(String(decoding: try Files.read("\(folder)/last"), as: UTF8.self).trimmed) ?? 0
            let logged = Self.numbers(engine.gantry("logs", name).output)
            #expect(last > 300 && logged == (isExec ? [] : Array(1...last)), "\(last) lines were written, \(logged.count) are in the log")
            let attached = try #require(stream.rest(), "the stream ends")
            // The first eight bytes of each frame are its head.
            #expect(Self.numbers(String(decoding: attached.filter { $0 >= 0x20 || $0 == 0x0a }, as: UTF8.self)).last == last)
        }
    }

    private func createExec(_ name: String) -> String {
        let arguments = ["sh", "-c", Self.writer].map { "\"\($0.replacing("\"", with: "\\\""))\"" }.joined(separator: ",")
        let made = engine.request("POST", "/containers/\(name)/exec", "{\"AttachStdout\":true,\"Cmd\":[\(arguments)]}").output
        return made.split(separator: "\"").first { $0.count == 64 }.map(String.init) ?? ""
    }

    private func execPID(_ exec: String) -> Int32 {
        let answer = engine.request("GET", "/exec/\(exec)/json").output
        return answer.firstRange(of: "\"Pid\":").flatMap { Int32(answer[$0.upperBound...].prefix { $0.isNumber }) } ?? 0
    }

    private static func numbers(_ lines: String) -> [Int] {
        lines.split(separator: "\n").compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
    }
}
