import CLinux
@testable import ContentStore
import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem
import OCISpecs
import TestSupport
import Testing

/// The overlayfs driver as the daemon loads it, on the real kernel.
@Suite("overlayfs", .enabled(if: Workplace.isRoot))
struct OverlayTests {
    private func registry(_ work: Workplace) -> DriverRegistry {
        DriverRegistry(
            DriverRegistry.Configuration(
                directories: [Engine.bin], stateRoot: "\(work.root)/drivers", mark: "t", defaults: [.storage: "overlayfs"],
                checksOwnership: false))
    }

    /// The names below `path` of what the mounts show, seen in a mount namespace of its own.
    private func list(_ mounts: [Mount], _ path: String, _ work: Workplace, write name: String? = nil) async throws -> [String] {
        let point = "\(work.root)/point"
        try Files.makeDirectories(point)
        return try await SnapshotMounts.inside(mounts, at: point) {
            if let name { try Files.replace("\(point)/\(name)", with: [1]) }
            return try Files.list("\(point)/\(path)").sorted()
        }
    }

    @Test("whiteouts, opaque folders and attributes of folders that a layer implies")
    func layers() async throws {
        let work = try Workplace()
        let storage = try await registry(work).storage(nil)
        #expect(storage.capabilities.contains(.overlayUpper))
        let layers = [
            try await work.importLayer(
                TestArchive.build {
                    $0.folder("tmp/", mode: 0o1777, owner: 5)
                    for folder in ["keep/", "gone/", "opaque/", "again/"] { $0.folder(folder) }
                    for file in ["keep/a", "keep/b", "gone/x", "opaque/old", "again/old"] { $0.file(file) }
                }),
            try await work.importLayer(
                TestArchive.build {
                    $0.file("keep/.wh.a")
                    $0.file(".wh.gone")
                    $0.file("opaque/.wh..wh..opq")
                    $0.file("opaque/new")
                    $0.file(".wh.again")
                    $0.folder("again/")
                    $0.file("again/new")
                    $0.file("tmp/implied")
                }),
            try await work.importLayer(
                TestArchive.build {
                    $0.file(".wh..wh..opq")
                    $0.file("alone")
                }),
        ]
        let unpacker = LayerUnpacker(work.content)
        let two = try await unpacker.unpack(Array(layers.prefix(2)), into: storage, named: "overlayfs")
        let mounts = try await storage.prepare("c1", parent: two)
        #expect(mounts.count == 1 && mounts[0].type == "overlay")
        #expect(try await list(mounts, ".", work, write: "mine") == ["again", "keep", "mine", "opaque", "tmp"])
        #expect(try await list(mounts, "keep", work) == ["b"])
        #expect(try await list(mounts, "opaque", work) == ["new"])
        #expect(try await list(mounts, "again", work) == ["new"])
        let upper = "\(mounts[0].base)/" + (mounts[0].options.split(separator: ":").first.map { $0.dropFirst("lowerdir=".count) } ?? "")
        #expect(status("\(upper)/tmp")?.st_mode == S_IFDIR | 0o1777 && status("\(upper)/tmp")?.st_uid == 5)
        let three = try await unpacker.unpack(layers, into: storage, named: "overlayfs")
        #expect(try await list(try await storage.view("v1", parent: three), ".", work) == ["alone"])
    }

    @Test("three hundred layers fit into one mount")
    func manyLayers() async throws {
        let work = try Workplace()
        let storage = try await registry(work).storage(nil)
        var parent = ""
        for number in 0..<300 {
            _ = try await storage.prepare("a\(number)", parent: parent)
            try await storage.commit("a\(number)", as: "l\(number)")
            parent = "l\(number)"
        }
        let mounts = try await storage.prepare("top", parent: parent)
        #expect(mounts[0].options.utf8.count < 4096)
        #expect(try await list(mounts, ".", work, write: "x") == ["x"])
    }

    @Test("errors, usage and walk are the contract's")
    func contract() async throws {
        let work = try Workplace()
        let storage = try await registry(work).storage(nil)
        let mounts = try await storage.prepare("a", parent: "")
        #expect(mounts[0].type == "bind" && mounts[0].flags == 4096)
        #expect(status("\(mounts[0].base)/\(mounts[0].source)")?.st_mode == S_IFDIR | 0o755)
        #expect(try await storage.usage("a") == Usage(bytes: 0, inodes: 0))
        let path = "\(mounts[0].base)/\(mounts[0].source)"
        try Files.replace("\(path)/file", with: [UInt8](repeating: 1, count: 10_000))
        link("\(path)/file", "\(path)/same")
        #expect(try await storage.usage("a") == Usage(bytes: 12288, inodes: 1))
        await expect(.conflict) { _ = try await storage.prepare("a", parent: "") }
        await expect(.notFound) { _ = try await storage.prepare("b", parent: "nosuch") }
        await expect(.notFound) { _ = try await storage.mounts("nosuch") }
        await expect(.invalidArgument) { _ = try await storage.prepare("../b", parent: "") }
        try await storage.commit("a", as: "layer")
        await expect(.notFound) { _ = try await storage.mounts("a") }
        _ = try await storage.prepare("b", parent: "layer")
        await expect(.conflict) { try await storage.commit("b", as: "layer") }
        await expect(.conflict) { try await storage.remove("layer") }
        #expect(try await storage.walk().map(\.key) == ["layer", "b"])
        #expect(try await storage.view("v", parent: "layer")[0].flags == 4097)
        for key in ["b", "v", "layer"] { try await storage.remove(key) }
        #expect(try await storage.walk().isEmpty)
        #expect(try Files.list("\(work.root)/drivers/storage/overlayfs/s").isEmpty)
    }

    @Test("what was half made when the machine stopped is gone after the next start, and nothing else")
    func restart() async throws {
        let work = try Workplace()
        var storage = try await registry(work).storage(nil)
        _ = try await storage.prepare("a", parent: "")
        try await storage.commit("a", as: "layer")
        _ = try await storage.prepare("b", parent: "layer")
        let state = "\(work.root)/drivers/storage/overlayfs"
        try Files.makeDirectories("\(state)/s/zz/fs/deep")
        symlink("a yy - 1", "\(state)/k/lost-active")
        symlink("c yx - 1", "\(state)/k/lost-layer")
        symlink("a 1 - 1", "\(state)/k/a")
        storage = try await registry(work).storage(nil)
        #expect(try await storage.walk().map(\.key) == ["layer", "b"])
        #expect(try Files.list("\(state)/s").sorted() == ["1", "2"])
        #expect(try Files.list("\(state)/k").sorted() == ["b", "layer"])
        #expect(try Files.list("\(state)/lost").sorted() == ["lost-layer"])
    }

    @Test("a tree of any depth is removed")
    func depth() async throws {
        let work = try Workplace()
        try Files.makeDirectories("\(work.root)/deep")
        try await OwnThread.run {
            try MountNamespace.enterPrivate()
            try Errno.check("chdir", chdir("\(work.root)/deep"))
            for _ in 0..<5000 {
                try Errno.check("mkdir", mkdir("d", 0o700))
                try Errno.check("chdir", chdir("d"))
            }
        }
        try Files.removeTree("\(work.root)/deep")
        #expect(!Files.exists("\(work.root)/deep"))
    }

    private func expect(_ code: EngineError.Code, _ body: () async throws -> Void) async {
        let error = await #expect(throws: EngineError.self) { try await body() }
        #expect(error?.code == code, "\(String(describing: error))")
    }
}
