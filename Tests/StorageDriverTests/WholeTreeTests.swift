import CLinux
import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// What is special in drivers that keep whole trees.
@Suite("vfs and btrfs", .enabled(if: Bench.isRoot), .serialized)
struct WholeTreeTests {
    @Test("vfs shares blocks where the file system can")
    func reflinks() async throws {
        let bench = try Bench("vfs", disk: "btrfs"), storage = try await bench.storage()
        try await bench.layer("base") { shell("head -c 60000000 /dev/urandom >\($0)/big; sync") }
        for number in 0..<10 { _ = try await storage.prepare("c\(number)", parent: "base") }
        shell("sync -f \(bench.root)")
        let used = Command.run(["sh", "-c", "df --output=used -BM \(bench.root) | tail -1 | tr -dc 0-9"]).output
        #expect((Int(used) ?? 999) < 120, "ten copies of 60 MB take \(used) MB")
    }

    @Test("a copy for which there is no space leaves nothing")
    func noSpace() async throws {
        let bench = try Bench("vfs", disk: "ext4", megabytes: 60), storage = try await bench.storage()
        try await bench.layer("base") { shell("head -c 30000000 /dev/urandom >\($0)/big") }
        await expect(.resourceExhausted) { _ = try await storage.prepare("child", parent: "base") }
        #expect(try await storage.walk().map(\.key) == ["base"])
        #expect(try Files.list("\(bench.state)/s") == ["1"])
    }

    @Test("vfs copies folders nested deeper than any path, and files of a thousand names")
    func depth() async throws {
        let bench = try Bench("vfs"), storage = try await bench.storage()
        try await bench.layer("base") { point in
            try Errno.check("chdir", chdir(point))
            for number in 0..<2000 {
                try Errno.check("mkdir", mkdir("deep", 0o700))
                try Errno.check("chdir", chdir("deep"))
                if number == 0 { shell("echo x >'\(point)/deep/file'") }
                if number % 100 == 0 && number > 0 { try Files.replace("here\(number)", with: [1]) }
            }
            for number in 0..<1000 { try Errno.check("link", link("\(point)/deep/file", "\(point)/n\(number)")) }
        }
        let mounts = try await storage.prepare("child", parent: "base")
        let count = try await bench.inside(mounts) { point in
            Command.run(["sh", "-c", "cd \(point); find . -depth -links 1001 -type f | wc -l; find . -type d | wc -l; find . -name 'here*' | wc -l"]).output
        }
        #expect(count == "1001\n2001\n19\n")
        try await storage.remove("child")
        #expect(try Files.list("\(bench.state)/s") == ["1"])
    }

    @Test("btrfs refuses another file system in one sentence, and leaves no folder")
    func refusal() async throws {
        let bench = try Bench("btrfs", disk: "ext4")
        await expect(.unsupported, "is not on btrfs; put the data root on a btrfs file system, or mount one at that folder") { _ = try await bench.storage() }
        #expect(!Files.exists(bench.state))
    }

    @Test("subvolumes that a container made go with it, read-only ones too")
    func nested() async throws {
        let bench = try Bench("btrfs"), storage = try await bench.storage()
        let mounts = try await storage.prepare("c", parent: "")
        let path = "\(mounts[0].base)/\(mounts[0].source)"
        let top = try Files.open(path, O_RDONLY | O_DIRECTORY)
        #expect(gantry_btrfs_create(top.raw, "inner") == 0)
        let inner = try Files.open("\(path)/inner", O_RDONLY | O_DIRECTORY)
        shell("mkdir \(path)/inner/folder; echo x >\(path)/inner/folder/file")
        let folder = try Files.open("\(path)/inner/folder", O_RDONLY | O_DIRECTORY)
        #expect(gantry_btrfs_create(folder.raw, "innermost") == 0)
        shell("echo x >\(path)/inner/folder/innermost/file")
        let innermost = try Files.open("\(path)/inner/folder/innermost", O_RDONLY | O_DIRECTORY)
        #expect(gantry_btrfs_set_read_only(innermost.raw, 1) == 0 && gantry_btrfs_set_read_only(inner.raw, 1) == 0)
        try await storage.remove("c")
        #expect(try Files.list("\(bench.state)/s").isEmpty)
    }

    @Test("a committed subvolume is read-only, and one whose commit was cut off is writable again")
    func readOnly() async throws {
        let bench = try Bench("btrfs")
        try await bench.layer("base") { shell("echo x >\($0)/x") }
        #expect(mkdir("\(bench.state)/s/1/fs/new", 0o755) != 0 && errno == EROFS)
        var storage = try await bench.storage()
        let mounts = try await storage.prepare("c", parent: "base")
        let tree = try Files.open("\(mounts[0].base)/\(mounts[0].source)", O_RDONLY | O_DIRECTORY)
        #expect(gantry_btrfs_set_read_only(tree.raw, 1) == 0)
        storage = try await bench.reopened()
        try await bench.inside(try await storage.mounts("c")) { try Files.makeDirectory("\($0)/new") }
    }

    @Test("commits that meet each other do not wait for the kernel's next one, half a minute later", .timeLimit(.minutes(1)))
    func commits() throws {
        let bench = try Bench("btrfs"), folder = try Files.open(bench.root, O_RDONLY | O_DIRECTORY).take()
        defer { close(folder) }
        for round in 0..<40 {
            let threads = try (0..<2).map { number in
                try JoinableThread("commit") {
                    usleep(UInt32(number * round * 20))
                    symlinkat("x", folder, "\(round)-\(number)")
                    #expect(throws: Never.self) { try FileSystem.commit(folder) }
                }
            }
            for thread in threads { thread.join() }
        }
    }

    @Test("a snapshot takes no space of its own")
    func sharing() async throws {
        let bench = try Bench("btrfs"), storage = try await bench.storage()
        try await bench.layer("base") { shell("head -c 20000000 /dev/urandom >\($0)/big") }
        let before = try used(bench.state)
        for number in 0..<20 { _ = try await storage.prepare("c\(number)", parent: "base") }
        #expect(try used(bench.state) - before < 5_000_000)
    }

    /// Bytes of the file system, with what is to be written.
    private func used(_ path: String) throws -> Int {
        sync()
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw Errno(errno, "ask \(path)") }
        return Int(status.f_blocks - status.f_bfree) * Int(status.f_frsize)
    }
}
