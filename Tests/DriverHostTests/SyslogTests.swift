import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem
import Testing

/// A server on a socket of its own.
private final class SyslogServer {
    private(set) var descriptor: Int32
    private(set) var port: UInt16 = 0

    /// In the file system, for datagrams.
    init(path: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        precondition(code == 0)
    }

    /// On 127.0.0.1. `port` 0: any.
    init(_ type: __socket_type, port wanted: UInt16 = 0) {
        descriptor = socket(AF_INET, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = wanted.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(descriptor, $0, size) == 0)
                if type == SOCK_STREAM { precondition(listen(descriptor, 4) == 0) }
                getsockname(descriptor, $0, &size)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }

    /// The next datagram, or what a stream has at this moment.
    static func receive(_ descriptor: Int32) -> String {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&wait, 1, 60_000) > 0 else { return "nothing" }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer[..<max(count, 0)], as: UTF8.self)
    }
}

@Suite("syslog")
struct SyslogTests {
    /// 2024-01-02T03:04:05.123456789Z.
    private static let time: Int64 = 1_704_164_645_123_456_789

    private let folder: TestFolder
    private let driver: LoadedDriver
    private let host: String

    init() throws {
        folder = try TestFolder()
        driver = try Loader.load(Builds.driver("log-syslog"), checksOwnership: false)
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, 255)
        host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func open(_ options: [String: String]) throws -> LoadedLogDriver {
        try LoadedLogDriver(
            driver, OpenContext(name: "0123456789abcdef", stateDirectory: folder.path, options: options, labels: ["gantry.container.name": "web"]))
    }

    @Test(
        "each format, to the byte",
        arguments: [
            ("rfc5424", "<30>1 2024-01-02T03:04:05Z HOST web/0123456789ab PID web/0123456789ab - hello\n"),
            ("rfc5424micro", "<30>1 2024-01-02T03:04:05.123456Z HOST web/0123456789ab PID web/0123456789ab - hello\n"),
            ("rfc3164", "<30>STAMP HOST web/0123456789ab[PID]: hello\n"), ("", "<30>STAMP web/0123456789ab[PID]: hello\n"),
        ])
    func formats(_ format: String, _ wanted: String) throws {
        let server = SyslogServer(path: "\(folder.path)/log")
        let log = try open(["syslog-address": "unixgram://\(folder.path)/log", "syslog-format": format, "tag": "{{.Name}}/{{.ID}}"])
        try write(log, ["hello"], time: Self.time)
        var seconds = time_t(Self.time / 1_000_000_000), parts = tm()
        localtime_r(&seconds, &parts)
        var stamp = [CChar](repeating: 0, count: 32)
        strftime(&stamp, 31, "%b %e %H:%M:%S", &parts)
        let text = String(decoding: stamp.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let expected = wanted.split(separator: "HOST", omittingEmptySubsequences: false).joined(separator: host)
            .split(separator: "PID", omittingEmptySubsequences: false).joined(separator: "\(getpid())")
            .split(separator: "STAMP", omittingEmptySubsequences: false).joined(separator: text)
        #expect(SyslogServer.receive(server.descriptor) == expected)
    }

    @Test("stderr is an error, and the facility is the one wanted")
    func severities() throws {
        let server = SyslogServer(SOCK_DGRAM)
        let log = try open(["syslog-address": "udp://127.0.0.1:\(server.port)", "syslog-facility": "local7", "syslog-format": "rfc5424"])
        try withBatch([(Array("out".utf8), Self.time, false, false), (Array("err".utf8), Self.time, true, false)]) { try log.write($0) }
        #expect(SyslogServer.receive(server.descriptor).hasPrefix("<190>1 "))
        #expect(SyslogServer.receive(server.descriptor).hasPrefix("<187>1 "))
    }

    @Test("a server that restarts is found again, with the lines that waited")
    func reconnect() throws {
        var server: SyslogServer? = SyslogServer(SOCK_STREAM)
        let port = server!.port
        let log = try open(["syslog-address": "tcp://127.0.0.1:\(port)", "syslog-format": "rfc5424"])
        var peer = accept(server!.descriptor, nil, nil)
        try write(log, ["first"], time: Self.time)
        #expect(SyslogServer.receive(peer).hasSuffix(" - first\n"))
        close(peer)
        server = nil
        // The kernel takes one line for the dead connection; then the driver knows.
        for index in 0..<3 { try? write(log, ["away \(index)"], time: Self.time) }
        server = SyslogServer(SOCK_STREAM, port: port)
        try log.flush()
        peer = accept(server!.descriptor, nil, nil)
        try write(log, ["back"], time: Self.time)
        var text = ""
        while !text.contains(" - back\n"), !text.hasSuffix("nothing") { text += SyslogServer.receive(peer) }
        #expect(text.contains(" - away 2\n") && text.contains(" - back\n"), "\(text)")
        close(peer)
    }

    @Test(
        "what can't be meant is refused",
        arguments: [
            (["syslog-address": "nonsense"], "syslog-address should be in form proto://address, got nonsense"), (["syslog-address": "ftp://x"], "unsupported scheme: 'ftp'"),
            (["syslog-address": "tcp+tls://x:1"], "TLS is not supported"), (["syslog-address": "unix://relative"], "absolute path"),
            (["syslog-address": "udp://127.0.0.1:5000", "syslog-facility": "nosuch"], "invalid syslog facility: nosuch"),
            (["syslog-address": "udp://127.0.0.1:5000", "syslog-format": "rfc1"], "Invalid syslog format: rfc1"),
            (["syslog-address": "unixgram:///nosuch/log"], "the syslog server /nosuch/log can't be reached: No such file or directory"),
        ])
    func refusals(_ options: [String: String], _ part: String) {
        let error = #expect(throws: EngineError.self) { try open(options) }
        #expect(error?.message.contains(part) ?? false, "\(error?.message ?? "")")
    }

    @Test("nothing can be read back")
    func reading() throws {
        let log = try open(["syslog-address": "udp://127.0.0.1:5000"])
        #expect(throws: DriverError.self) { try log.read(LogQuery()) { _ in true } }
    }
}
