import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("hijacked connections", .enabled(if: Shared.isRoot), .serialized)
struct HijackTests {
    let engine = Shared.engine

    var socket: String { "\(engine.root)/gantry.sock" }

    /// A container whose process copies its input, created and started with its stdin open once.
    func startCat(_ name: String, tty: Bool = false) {
        let create = RawConnection(socket)
        create.send("POST", "/v1.43/containers/create?name=\(name)", body: #"{"Image":"busybox","Cmd":["cat"],"OpenStdin":true,"StdinOnce":true,"AttachStdin":true,"Tty":\#(tty)}"#)
        #expect(create.head().hasPrefix("HTTP/1.1 201 Created"))
    }

    func frame(_ stream: UInt8, _ text: String) -> [UInt8] {
        [stream, 0, 0, 0, 0, 0, UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 0xff)] + Array(text.utf8)
    }

    @Test("attach with an upgrade: 101, frames, half-close, and the end", arguments: ["HTTP/1.1 101 UPGRADED", "HTTP/1.1 200 OK"])
    func attach(_ status: String) {
        engine.withoutLeaks { name in
            startCat(name)
            let upgrades = status.contains("101")
            let stream = RawConnection(socket)
            stream.send("POST", "/v1.43/containers/\(name)/attach?stream=1&stdin=1&stdout=1&stderr=1", headers: upgrades ? ["Connection: Upgrade", "Upgrade: tcp"] : [])
            let head = stream.head()
            #expect(head.hasPrefix(status), "\(head)")
            #expect(head.contains("Content-Type: application/vnd.docker.multiplexed-stream"), "\(head)")
            #expect(head.contains("Upgrade: tcp") == upgrades && !head.contains("Transfer-Encoding"), "\(head)")
            engine.gantry("start", name)
            stream.write("one\n")
            #expect(stream.bytes(12) == frame(1, "one\n"))
            stream.write("two\n")
            stream.endInput()
            #expect(stream.rest() == frame(1, "two\n"), "what was said before the half-close comes back, then the end")
            #expect(engine.gantry("wait", name).output.trimmed == "0")
        }
    }

    @Test("older clients get the older content type, a terminal has no frames")
    func types() {
        engine.withoutLeaks { name in
            startCat(name, tty: true)
            let stream = RawConnection(socket)
            stream.send("POST", "/v1.40/containers/\(name)/attach?stream=1&stdin=1&stdout=1", headers: ["Connection: Upgrade", "Upgrade: tcp"])
            #expect(stream.head().contains("Content-Type: application/vnd.docker.raw-stream"))
            engine.gantry("start", name)
            stream.write("hi\r\u{4}")
            #expect(stream.rest().map { String(decoding: $0, as: UTF8.self) } == "hi\r\nhi\r\n")
        }
    }

    @Test("a terminal takes input from who attaches later, whatever the first client did", arguments: [false, true])
    func terminalInput(_ saysNoMore: Bool) {
        engine.withoutLeaks { name in
            startCat(name, tty: true)
            func attach() -> RawConnection {
                let stream = RawConnection(socket)
                stream.send("POST", "/v1.43/containers/\(name)/attach?stream=1&stdin=1&stdout=1", headers: ["Connection: Upgrade", "Upgrade: tcp"])
                #expect(stream.head().hasPrefix("HTTP/1.1 101"))
                return stream
            }
            var first: RawConnection? = attach()
            engine.gantry("start", name)
            first?.write("one\r")
            #expect(first.map { String(decoding: $0.bytes(10), as: UTF8.self) } == "one\r\none\r\n")
            if saysNoMore { first?.endInput() }
            first = nil
            // Its shim has seen it go.
            #expect(engine.waitForDump { !$0.contains("/attach: attached") })
            let second = attach()
            second.write("two\r")
            #expect(String(decoding: second.bytes(10), as: UTF8.self) == "two\r\ntwo\r\n")
        }
    }

    @Test("exec: bytes behind the request are input, and the status comes after the half-close")
    func exec() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "--name", name, "busybox", "sleep", "1000")
            let create = RawConnection(socket)
            create.send(
                "POST", "/v1.43/containers/\(name)/exec", headers: ["Connection: close"],
                body: #"{"Cmd":["sh","-c","cat; echo done >&2; exit 4"],"AttachStdin":true,"AttachStdout":true,"AttachStderr":true}"#)
            _ = create.head()
            let answer = String(decoding: create.rest() ?? [], as: UTF8.self)
            let id = answer.split(separator: "\"").first { $0.count == 64 }.map(String.init) ?? ""
            let stream = RawConnection(socket)
            stream.send("POST", "/v1.43/exec/\(id)/start", headers: ["Connection: Upgrade", "Upgrade: tcp"], body: #"{"Detach":false,"Tty":false}"#, behind: "early\n")
            #expect(stream.head().hasPrefix("HTTP/1.1 101 UPGRADED"))
            stream.endInput()
            #expect(stream.rest() == frame(1, "early\n") + frame(2, "done\n"))
            let inspect = RawConnection(socket)
            inspect.send("GET", "/v1.43/exec/\(id)/json", headers: ["Connection: close"])
            _ = inspect.head()
            #expect(String(decoding: inspect.rest() ?? [], as: UTF8.self).contains("\"ExitCode\":4"))
        }
    }

    @Test("clients that attach before a start are let go when it fails, and forgotten when they have gone")
    func attachedForNothing() {
        engine.withoutLeaks { name in
            engine.gantry("create", "--name", "\(name)-other", "busybox", "true")
            engine.gantry("create", "--name", name, "--network", "container:\(name)-other", "busybox", "true")
            func attach() -> RawConnection {
                let stream = RawConnection(socket)
                stream.send("POST", "/v1.43/containers/\(name)/attach?stream=1&stdout=1", headers: ["Connection: Upgrade", "Upgrade: tcp"])
                #expect(stream.head().hasPrefix("HTTP/1.1 101"))
                return stream
            }
            let stream = attach()
            #expect(engine.gantry("start", name).errors.contains("cannot join network of a non running container"))
            #expect(stream.rest() == [])
            func descriptors() -> Int { ((try? Files.list("/proc/\(engine.pid)/fd")) ?? []).count }
            let before = descriptors()
            for _ in 0..<20 { _ = attach() }
            #expect(
                engine.eventually {
                    _ = attach()
                    return descriptors() < before + 10
                }, "\(before), now \(descriptors())")
        }
    }

    @Test("clients that read the log of a quiet container and go leave nothing open", arguments: ["", "&stdin=1"])
    func quietReplay(_ input: String) {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "-i", "--name", name, "busybox", "sh", "-c", "echo here; exec sleep 1000")
            #expect(engine.eventually { engine.gantry("logs", name).output == "here\n" })
            let folders = ["/proc/\(engine.pid)/fd", "/proc/\(engine.shim(of: name))/fd"]
            func descriptors() -> Int { folders.reduce(0) { $0 + ((try? Files.list($1)) ?? []).count } }
            let before = descriptors()
            for _ in 0..<20 {
                let stream = RawConnection(socket)
                stream.send("POST", "/v1.43/containers/\(name)/attach?logs=1&stream=1&stdout=1\(input)", headers: ["Connection: Upgrade", "Upgrade: tcp"])
                #expect(stream.head().hasPrefix("HTTP/1.1 101"))
                #expect(stream.bytes(13) == frame(1, "here\n"))
            }
            #expect(engine.eventually { descriptors() < before + 10 }, "\(before), now \(descriptors())")
        }
    }

    @Test("an attached client that vanishes costs nothing, and the container goes on")
    func vanished() {
        engine.withoutLeaks { name in
            engine.gantry("run", "-d", "-i", "--name", name, "busybox", "sh", "-c", "while :; do echo x; sleep 0.01; done")
            for _ in 0..<20 {
                let stream = RawConnection(socket)
                stream.send("POST", "/v1.43/containers/\(name)/attach?stream=1&stdout=1", headers: ["Connection: Upgrade", "Upgrade: tcp"])
                #expect(stream.head().hasPrefix("HTTP/1.1 101"))
                #expect(stream.bytes(10) == frame(1, "x\n"))
            }
            #expect(engine.gantry("inspect", "--format", "{{.State.Running}}", name).output.trimmed == "true")
        }
    }
}
