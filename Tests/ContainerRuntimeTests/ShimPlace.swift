@testable import ContainerRuntime
import CLinux
import Glibc
import LinuxSystem
import ShimProtocol
import TestSupport

/// A shim of this build with a folder and a root file system, and nothing of an engine around it.
final class ShimPlace {
    let folder: String
    private var shim: Int32 = 0

    init() throws {
        folder = temporaryFolder()
        for name in ["root", "log", "tree", "tree/bin"] { try Files.makeDirectory("\(folder)/\(name)", mode: 0o755) }
        Command.run(["cp", "/bin/busybox", "\(folder)/tree/bin/"])
        for name in ["sh", "sleep"] { symlink("busybox", "\(folder)/tree/bin/\(name)") }
    }

    /// - Returns: the first daemon's connection.
    func start() throws -> ShimClient {
        let listener = try ShimSocket.listen(in: folder), ends = try ShimSocket.pair()
        defer { close(ends.1) }
        let program = try ShimProgram(path: "\(Engine.bin)/gantry-shim")
        shim = try program.spawn(arguments: ["recorded"], descriptors: [listener.raw, ends.1], errors: "\(folder)/errors")
        return ShimClient(ends.0)
    }

    func connect() throws -> ShimClient { ShimClient(try ShimSocket.connect(in: folder).take()) }

    /// A message that names folders, drivers and cgroups of the machine that it was recorded on, with those of this one.
    func adapted(_ message: Message) -> Message {
        var message = message
        message.fields = message.fields.rewritten { tag, value in
            switch tag {
            case .root: Array("\(folder)/root".utf8)
            case .rootMount: Fields(bytes: value).rewritten { tag, value in tag == .base ? Array(folder.utf8) : tag == .source ? Array("tree".utf8) : value }.bytes
            case .mount: isOfRecorder(Fields(bytes: value)) ? nil : value
            case .cgroupFile, .cgroupController: nil
            case .exitFile: Array("\(folder)/exit".utf8)
            case .logDriver: Array("\(Engine.bin)/liblog-json-file.so".utf8)
            case .logState: Array("\(folder)/log".utf8)
            default: value
            }
        }
        return message
    }

    /// Files of the container that was recorded, and the cgroups of its machine.
    private func isOfRecorder(_ mount: Fields) -> Bool { mount.string(.source).hasPrefix("/var/tmp/gantry-recorded/") || mount.string(.source) == "cgroup" }

    func exitStatus() throws -> String { String(decoding: try Files.read("\(folder)/exit"), as: UTF8.self) }

    var log: String { Command.run(["sh", "-c", "cat \(folder)/log/*"]).output }

    /// Waits for the shim's end; false: it did not come.
    func hasEnded() -> Bool {
        for _ in 0..<6000 {
            if waitpid(shim, nil, WNOHANG) == shim {
                shim = 0
                return true
            }
            usleep(10_000)
        }
        return false
    }

    func discard() {
        if shim > 0 {
            kill(shim, SIGKILL)
            waitpid(shim, nil, 0)
        }
        try? Files.removeTree(folder)
    }
}

/// A daemon's side of a connection, one message at a time.
final class ShimClient {
    private var descriptor: Int32
    private var decoder = MessageDecoder()
    private var kept: [Message] = []

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close() }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    func send(_ message: Message) { _ = message.encoded().withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) } }

    func ask(_ message: Message) throws -> Message {
        send(message)
        return try next { $0.sequence == message.sequence }
    }

    func news(_ kind: Message.Kind) throws -> Message { try next { $0.kind == kind } }

    /// nil: the other side ended.
    func receive() throws -> Message? {
        while true {
            if let message = try decoder.next() { return message }
            var buffer = [UInt8](repeating: 0, count: 65536)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { return nil }
            if count < 0 { throw Errno(errno, "hear the other side") }
            decoder.feed(buffer[..<count])
        }
    }

    private func next(_ isWanted: (Message) -> Bool) throws -> Message {
        if let index = kept.firstIndex(where: isWanted) { return kept.remove(at: index) }
        while let message = try receive() {
            if isWanted(message) { return message }
            kept.append(message)
        }
        throw Errno(ECONNRESET, "hear the other side")
    }
}
