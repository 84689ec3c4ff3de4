import CReserve
import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("the reserve of descriptors", .serialized)
struct ReserveTests {
    private static let flags = O_RDONLY | O_NONBLOCK

    private static var limit: rlimit {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return limit
    }

    private static func set(_ limit: rlimit) {
        var limit = limit
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    @Test("a process without descriptors can open its threads' status, as libdispatch must, and nothing else")
    func threadsStatus() {
        let before = Self.limit
        let paths = ["/proc/\(getpid())/stat", "/proc/\(getpid())/status", "/proc/self/stat"]
        Self.set(rlimit(rlim_cur: 0, rlim_max: before.rlim_max))
        let opened = paths.map { gantry_open($0, Self.flags, 0) }, ours = gantry_open(paths[0], Self.flags | O_CLOEXEC, 0), after = Self.limit
        Self.set(before)
        for descriptor in opened + [ours] where descriptor >= 0 { close(descriptor) }
        #expect(opened.map { $0 >= 0 } == [true, false, false] && ours < 0)
        #expect(after.rlim_cur == 0 && after.rlim_max == before.rlim_max)
    }

    @Test("other files are opened as ever, new ones with their mode")
    func others() {
        let folder = temporaryFolder(), path = "\(folder)/new"
        defer { try? Files.removeTree(folder) }
        let descriptor = gantry_open(path, O_WRONLY | O_CREAT | O_EXCL, 0o640)
        #expect(descriptor >= 0 && gantry_open("\(path)/none", O_RDONLY, 0) == -1 && errno == ENOTDIR)
        close(descriptor)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o640)
    }

    @Test("the daemon's libraries find it in front of the C library's")
    func daemon() {
        let symbols = Command.run(["readelf", "--wide", "--dyn-syms", "\(Engine.bin)/gantryd"]).output.split(separator: "\n")
        #expect(symbols.contains { $0.hasSuffix(" open") && $0.contains(" FUNC ") && !$0.contains(" UND ") }, "gantryd does not export `open`")
    }
}
