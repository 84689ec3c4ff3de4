import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem
import Testing
import TestSupport

@Suite("snapshots that lost something", .enabled(if: geteuid() == 0), .serialized)
struct LostSnapshotTests {
    @Test("an entry that can't be read is set aside, and no folder that may be its is removed", arguments: Bench.drivers)
    func unreadable(_ driver: String) async throws {
        let bench = try Bench(driver)
        try await bench.layer("layer", OddTree.make)
        var storage = try await bench.storage()
        let mounts = try await storage.prepare("precious", parent: "layer")
        let before = try await bench.inside(mounts) { Fingerprint.lines($0) }
        let state = bench.state
        shell("rm \(state)/k/precious; ln -s rubbish \(state)/k/precious; echo text >\(state)/k/readme")
        storage = try await bench.reopened()
        #expect(try await storage.walk().map(\.key) == ["layer"])
        #expect(try Files.list("\(state)/lost").sorted() == ["folder-2", "precious", "readme"])
        #expect(!before.isEmpty && Files.exists("\(state)/lost/folder-2/fs"))
        _ = try await bench.reopened().prepare("next", parent: "layer")
        #expect(try await bench.reopened().walk().map(\.key) == ["layer", "next"])
    }

    @Test("folders of others among the snapshots stay as they are", arguments: Bench.drivers)
    func foreign(_ driver: String) async throws {
        let bench = try Bench(driver)
        try await bench.layer("layer", OddTree.make)
        let state = bench.state
        shell("mkdir -p \(state)/s/backup/mine \(state)/s/Photos \(state)/s/-5 \(state)/s/007; echo x >\(state)/s/backup/mine/x")
        _ = try await bench.reopened()
        #expect(try Files.list("\(state)/s").sorted() == ["-5", "007", "1", "Photos", "backup"])
    }

    @Test("a layer whose folder is gone is listed no more, and takes its old place when it is made again", arguments: Bench.drivers)
    func remade(_ driver: String) async throws {
        let bench = try Bench(driver)
        try await bench.layer("below", OddTree.make)
        try await bench.layer("layer", parent: "below") { shell("echo more >\($0)/more") }
        for isReopened in [false, true] {
            var storage = try await bench.storage()
            let child = try await storage.prepare("child", parent: "layer")
            let before = try await bench.inside(child) { Fingerprint.lines($0) }
            shell("{ btrfs property set \(bench.state)/s/1/fs ro false || true; } 2>/dev/null >&2; rm -r \(bench.state)/s/1")
            if isReopened { storage = try await bench.reopened() }
            #expect(try await storage.walk().map(\.key) == ["layer", "child"])
            if driver == "overlayfs" {
                let error = await #expect(throws: EngineError.self) { _ = try await storage.mounts("child") }
                #expect(
                    error?.message.contains("the layer below below the snapshot child is gone") == true && error?.message.contains("gantry system check --repair") == true,
                    "\(String(describing: error))")
            }
            try await bench.layer("below", OddTree.make)
            #expect(try await storage.walk().map(\.key) == ["below", "layer", "child"])
            #expect(Files.exists("\(bench.state)/s/1/fs"))
            #expect(try Files.list("\(bench.state)/lost").isEmpty)
            // Made again, its folders are younger.
            #expect(try await bench.inside(try await storage.mounts("child")) { Fingerprint.lines($0) }.count == before.count)
            try await storage.remove("child")
        }
    }
}
