import CLinux
import ContentStore
import EngineErrors
import Glibc
import LinuxSystem
import OCISpecs
import Testing

@Suite("layers", .enabled(if: Workplace.isRoot))
struct LayerTests {
    @Test("entries keep kind, mode, owner, times and attributes")
    func attributes() async throws {
        let work = try Workplace()
        let storage = try FolderStorage("\(work.root)/storage")
        let capability: [UInt8] = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let layer = try await work.importLayer(
            TestArchive.build {
                $0.folder("./", mode: 0o751)
                $0.folder("d/", mode: 0o1777, owner: 7)
                $0.pax([("SCHILY.xattr.security.capability", capability), ("mtime", Array("1234567890.123456789".utf8))])
                $0.file("d/f", "text", mode: 0o4755, owner: 1000)
                $0.hardLink("d/h", to: "d/f")
                $0.link("d/s", to: "f")
                $0.device("d/null", 1, 3)
                $0.fifo("d/p")
                $0.pax([("path", Array("d/ü-".utf8) + [0xc3, 0xa4])])
                $0.file("x")
                $0.file("implied/deep/file", "x")
            })
        let root = storage.path(try await LayerUnpacker(work.content).unpack([layer], into: storage, named: "folder"))
        let file = try #require(status("\(root)/d/f"))
        #expect(file.st_mode == S_IFREG | 0o4755 && file.st_uid == 1000 && file.st_nlink == 2)
        #expect(file.st_mtim.tv_sec == 1_234_567_890 && file.st_mtim.tv_nsec == 123_456_789)
        #expect(attribute("\(root)/d/f", "security.capability") != nil)
        #expect(status(root)?.st_mode == S_IFDIR | 0o751)
        let folder = try #require(status("\(root)/d"))
        #expect(folder.st_mode == S_IFDIR | 0o1777 && folder.st_uid == 7 && folder.st_mtim.tv_sec == 1_000_000_000)
        #expect(status("\(root)/d/null")?.st_rdev == 0x103)
        #expect((status("\(root)/d/p")?.st_mode ?? 0) & S_IFMT == S_IFIFO)
        #expect((status("\(root)/d/s")?.st_mode ?? 0) & S_IFMT == S_IFLNK)
        #expect(Files.exists("\(root)/d/ü-ä"))
        #expect(status("\(root)/implied/deep")?.st_mode == S_IFDIR | 0o755)
    }

    @Test("whiteouts remove what is below and not what came with them")
    func whiteouts() async throws {
        let work = try Workplace()
        let storage = try FolderStorage("\(work.root)/storage")
        let below = try await work.importLayer(
            TestArchive.build {
                for folder in ["keep/", "gone/", "opaque/", "opaque/deep/"] { $0.folder(folder) }
                for file in ["keep/a", "keep/b", "gone/x", "opaque/old", "opaque/deep/old"] { $0.file(file, "below") }
            })
        let above = try await work.importLayer(
            TestArchive.build {
                $0.file("keep/.wh.a")
                $0.file(".wh.gone")
                $0.folder("opaque/")
                $0.file("opaque/new", "above")
                $0.file("opaque/.wh..wh..opq")
                $0.file("keep/c", "above")
                $0.file("keep/.wh.c")
                $0.file("keep/.wh..wh.plnk")
            })
        let root = storage.path(try await LayerUnpacker(work.content).unpack([below, above], into: storage, named: "folder"))
        #expect(try Files.list(root).sorted() == ["keep", "opaque"])
        #expect(try Files.list("\(root)/keep").sorted() == ["b", "c"])
        #expect(try Files.list("\(root)/opaque") == ["new"])
    }

    @Test("a layer may turn a folder into a file and back")
    func replacement() async throws {
        let work = try Workplace()
        let storage = try FolderStorage("\(work.root)/storage")
        let layers = [
            try await work.importLayer(
                TestArchive.build {
                    $0.folder("x/")
                    $0.file("x/in", "1")
                    $0.file("y", "1")
                }),
            try await work.importLayer(
                TestArchive.build {
                    $0.file("x", "2")
                    $0.folder("y/")
                    $0.file("y/in", "2")
                }),
        ]
        let root = storage.path(try await LayerUnpacker(work.content).unpack(layers, into: storage, named: "folder"))
        #expect(try Files.read("\(root)/x") == [0x32] && Files.exists("\(root)/y/in"))
    }

    @Test("requests for the same layer share one job")
    func shared() async throws {
        let work = try Workplace()
        let storage = try FolderStorage("\(work.root)/storage")
        let layer = try await work.importLayer(TestArchive.build { for n in 0..<300 { $0.file("f\(n)", "text") } })
        let unpacker = LayerUnpacker(work.content)
        let keys = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 { group.addTask { try await unpacker.unpack([layer], into: storage, named: "folder") } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(keys == ["sha256-\(layer.hex)"])
        #expect(try Files.list("\(work.root)/storage").count == 1)
    }

    @Test("compressed archives are stored as what is in them", arguments: ["gzip", "xz", "zstd", "bzip2"])
    func compression(_ program: String) async throws {
        let work = try Workplace()
        let plain = TestArchive.build { $0.bytes("a", [UInt8](repeating: 65, count: 200_000)) }
        let path = "\(work.root)/plain.tar"
        try Files.replace(path, with: plain)
        try #require(run([program, "-c", path], into: "\(path).c") == 0)
        let packed = try Files.read("\(path).c")
        #expect(packed.count < plain.count / 10)
        #expect(try await work.importLayer(packed) == work.importLayer(plain))
        #expect(try await work.importLayer(plain + [UInt8](repeating: 0, count: 9000)) != work.importLayer(plain))
    }

    @Test("chain ids are OCI's")
    func chain() throws {
        let digests = ["a", "b"].map { Digest(hex: String(repeating: $0, count: 64)) }.compactMap { $0 }
        let chain = LayerChain.identifiers(digests)
        #expect(chain[0] == digests[0])
        // printf 'sha256:aaa… sha256:bbb…' | sha256sum
        #expect(chain[1].hex == "ccd722928bd92476ba1745586fed6e45a102504185ad88cd89e01ff116fd146c")
        #expect(LayerChain.identifier(ofSnapshot: LayerChain.snapshotKey(chain[1])) == chain[1])
    }
}
