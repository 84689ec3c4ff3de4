import CLinux
import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// What every storage driver promises, on the real kernel.
@Suite("storage drivers", .enabled(if: Bench.isRoot), .serialized)
struct SnapshotTests {
    @Test("a child starts with everything that its parent has", arguments: Bench.drivers)
    func everything(_ driver: String) async throws {
        let bench = try Bench(driver), storage = try await bench.storage()
        try await bench.layer("base", OddTree.make)
        let wanted = try await bench.contents("base")
        #expect(wanted.count == 22 && wanted.contains { $0.contains("suid") && $0.contains("0o106751 7 8 [('security.capability'") })
        let mounts = try await storage.prepare("child", parent: "base")
        #expect(try await bench.inside(mounts) { Fingerprint.lines($0) } == wanted)
        let blocks = try await bench.inside(mounts) { point in try [status("\(point)/sparse").st_blocks, status("\(point)/hole-only").st_blocks] }
        #expect(blocks[0] < 2000 && blocks[1] == 0, "holes stay holes: \(blocks)")
    }

    @Test("what a child writes and deletes does not reach its parent, nor its sister", arguments: Bench.drivers)
    func isolation(_ driver: String) async throws {
        let bench = try Bench(driver), storage = try await bench.storage()
        try await bench.layer("base", OddTree.make)
        let before = try await bench.contents("base")
        let one = try await storage.prepare("one", parent: "base"), two = try await storage.prepare("two", parent: "base")
        try await bench.inside(one) { point in
            shell("cd \(point); echo more >>a/other; rm -r a/b suid; chmod 700 empty; echo x >empty/x; echo 1 | dd of=sparse conv=notrunc status=none")
        }
        #expect(try await bench.inside(two) { Fingerprint.lines($0) } == before)
        try await storage.remove("one")
        try await storage.remove("two")
        #expect(try await bench.contents("base") == before)
    }

    @Test("a view can't be written to", arguments: Bench.drivers)
    func views(_ driver: String) async throws {
        let bench = try Bench(driver), storage = try await bench.storage()
        try await bench.layer("base") { shell("echo x >\($0)/x") }
        for (key, parent) in [("v1", "base"), ("v2", "")] {
            let code = try await bench.inside(try await storage.view(key, parent: parent)) { point in mkdir("\(point)/new", 0o755) == 0 ? 0 : errno }
            #expect(code == EROFS)
        }
        await expect(.conflict) { try await storage.remove("base") }
        await expect(.invalidArgument) { try await storage.commit("v1", as: "no") }
        for key in ["v1", "v2", "base"] { try await storage.remove(key) }
        #expect(try Files.list("\(bench.state)/s").isEmpty)
    }

    @Test("errors are the contract's", arguments: Bench.drivers)
    func contract(_ driver: String) async throws {
        let bench = try Bench(driver), storage = try await bench.storage()
        let mounts = try await storage.prepare("a", parent: "")
        #expect(try await bench.inside(mounts) { try status($0).st_mode } == S_IFDIR | 0o755)
        await expect(.conflict) { _ = try await storage.prepare("a", parent: "") }
        await expect(.notFound) { _ = try await storage.prepare("b", parent: "nosuch") }
        await expect(.notFound) { _ = try await storage.mounts("nosuch") }
        await expect(.notFound) { _ = try await storage.usage("nosuch") }
        await expect(.notFound) { try await storage.remove("nosuch") }
        await expect(.invalidArgument) { _ = try await storage.prepare("../b", parent: "") }
        await expect(.invalidArgument) { _ = try await storage.prepare("b", parent: "a") }
        try await storage.commit("a", as: "layer")
        await expect(.notFound) { _ = try await storage.mounts("a") }
        await expect(.invalidArgument) { _ = try await storage.mounts("layer") }
        _ = try await storage.prepare("b", parent: "layer")
        await expect(.conflict) { try await storage.commit("b", as: "layer") }
        await expect(.conflict) { try await storage.remove("layer") }
        #expect(try await storage.walk().map { "\($0.key) \($0.parent) \($0.state)" } == ["layer  committed", "b layer active"])
        for key in ["b", "layer"] { try await storage.remove(key) }
        #expect(try await storage.walk().isEmpty)
        #expect(try Files.list("\(bench.state)/s").isEmpty && Files.list("\(bench.state)/k").isEmpty)
    }

    @Test("usage is a snapshot's own", arguments: Bench.drivers)
    func usage(_ driver: String) async throws {
        let bench = try Bench(driver), storage = try await bench.storage()
        try await bench.layer("base") { shell("head -c 5000000 /dev/urandom >\($0)/big; mkdir \($0)/folder; echo x >\($0)/folder/x") }
        #expect(try await storage.usage("base").bytes >= 5_000_000)
        let mounts = try await storage.prepare("child", parent: "base")
        #expect(try await storage.usage("child") == Usage(bytes: 0, inodes: 0))
        try await bench.inside(mounts) { shell("head -c 1000000 /dev/urandom >\($0)/mine; ln \($0)/mine \($0)/twin; rm \($0)/folder/x; sync") }
        let used = try await storage.usage("child")
        #expect(used.bytes >= 1_000_000 && used.bytes < 1_100_000, "\(used)")
    }

    @Test("a chain of forty layers", arguments: Bench.drivers)
    func chain(_ driver: String) async throws {
        let bench = try Bench(driver), storage = try await bench.storage()
        var parent = ""
        for number in 0..<40 {
            try await bench.layer("l\(number)", parent: parent) { point in
                try Files.replace("\(point)/file\(number)", with: Array("\(number)".utf8))
                if number >= 20 { unlink("\(point)/file\(number - 20)") }
            }
            parent = "l\(number)"
        }
        let mounts = try await storage.prepare("top", parent: parent)
        #expect(try await bench.inside(mounts) { try Files.list($0).sorted() } == (20..<40).map { "file\($0)" }.sorted())
        try await storage.remove("top")
        for number in (0..<40).reversed() { try await storage.remove("l\(number)") }
        #expect(try Files.list("\(bench.state)/s").isEmpty)
    }

    @Test("twenty snapshots of one parent at once", arguments: Bench.drivers)
    func concurrency(_ driver: String) async throws {
        let bench = try Bench(driver), storage = try await bench.storage()
        try await bench.layer("base", OddTree.make)
        let before = try await bench.contents("base")
        try await withThrowingTaskGroup { group in
            for number in 0..<20 { group.addTask { _ = try await storage.prepare("c\(number)", parent: "base") } }
            try await group.waitForAll()
        }
        #expect(try await storage.walk().count == 21)
        let last = try await storage.mounts("c19")
        #expect(try await bench.inside(last) { Fingerprint.lines($0) } == before)
        try await withThrowingTaskGroup { group in
            for number in 0..<20 { group.addTask { try await storage.remove("c\(number)") } }
            try await group.waitForAll()
        }
        #expect(try Files.list("\(bench.state)/s").count == 1)
    }

    @Test("what was half made when the machine stopped is gone after the next start, and nothing else", arguments: Bench.drivers)
    func restart(_ driver: String) async throws {
        let bench = try Bench(driver)
        try await bench.layer("layer", OddTree.make)
        var storage = try await bench.storage()
        _ = try await storage.prepare("b", parent: "layer")
        let before = try await bench.contents("layer")
        let state = bench.state
        // A copy that was cut off, a removal that was, and an index with every kind of trouble.
        shell("mkdir -p \(state)/s/zz/fs/deep \(state)/s/zy; echo x >\(state)/s/zz/fs/deep/x")
        if driver == "btrfs" {
            shell("mkdir \(state)/s/zx")
            let folder = try Files.open("\(state)/s/zx", O_RDONLY | O_DIRECTORY)
            #expect(gantry_btrfs_create(folder.raw, "fs") == 0)
        }
        symlink("a yy - 1", "\(state)/k/lost-active")
        symlink("c yx - 1", "\(state)/k/lost-layer")
        symlink("a 1 - 1", "\(state)/k/making-layer")
        symlink("c 1 - 1", "\(state)/k/+1")
        storage = try await bench.reopened()
        #expect(try await storage.walk().map(\.key) == ["layer", "b"])
        #expect(try Files.list("\(state)/s").sorted() == ["1", "2"])
        #expect(try Files.list("\(state)/k").sorted() == ["b", "layer"])
        #expect(try Files.list("\(state)/lost").sorted() == ["lost-layer"])
        #expect(try await bench.contents("layer") == before)
        let child = try await storage.mounts("b")
        #expect(try await bench.inside(child) { Fingerprint.lines($0) } == before)
    }
}

func status(_ path: String) throws -> stat {
    var result = stat()
    try Errno.check("stat \(path)", lstat(path, &result))
    return result
}
