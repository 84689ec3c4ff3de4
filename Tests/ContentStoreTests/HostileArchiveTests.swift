import ContentStore
import EngineErrors
import Glibc
import LinuxSystem
import OCISpecs
import Testing

/// Archives that want out. Each is unpacked both ways: through a bind mount and straight into a folder.
@Suite("hostile archives", .enabled(if: Workplace.isRoot))
struct HostileArchiveTests {
    struct Attack: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var sentence: String
        var build: @Sendable (inout TestArchive) -> Void
    }

    static let attacks = [
        Attack(testDescription: "climbing name", sentence: "points outside the root file system") { $0.file("../victim") },
        Attack(testDescription: "climbing name below a folder", sentence: "points outside the root file system") { $0.file("a/../../victim") },
        Attack(testDescription: "climbing symbolic link", sentence: "is a symbolic link that points outside the root file system") { $0.link("a/link", to: "../../victim") },
        Attack(testDescription: "climbing hard link", sentence: "is a hard link that points outside the root file system") { $0.hardLink("link", to: "../victim") },
        Attack(testDescription: "hard link to a file of the host", sentence: "which is not in the archive before it") { $0.hardLink("link", to: "/etc/passwd") },
        Attack(testDescription: "hard link through a symbolic link", sentence: "which is not in the archive before it") {
            $0.link("door", to: "/etc")
            $0.hardLink("link", to: "door/passwd")
        },
        Attack(testDescription: "whiteout of the parent folder", sentence: "is a whiteout of no entry of its folder") { $0.file("a/.wh...") },
        Attack(testDescription: "whiteout of the folder itself", sentence: "is a whiteout of no entry of its folder") { $0.file("a/.wh..") },
        Attack(testDescription: "whiteout of nothing", sentence: "is a whiteout of no entry of its folder") { $0.file("a/.wh.") },
        Attack(testDescription: "root folder as a file", sentence: "would replace the root folder") { $0.file(".") },
        Attack(testDescription: "file in a file", sentence: "can't be unpacked") {
            $0.file("a", "text")
            $0.file("a/b", "text")
        },
        Attack(testDescription: "folder behind a dangling link", sentence: "can't be unpacked") {
            $0.link("door", to: "/nowhere")
            $0.file("door/x", "text")
        },
    ]

    @Test("are refused in one sentence and leave nothing", arguments: attacks, [false, true])
    func refused(_ attack: Attack, _ onTop: Bool) async throws {
        let work = try Workplace()
        let storage = try FolderStorage("\(work.root)/storage")
        let below = try await work.importLayer(TestArchive.build { $0.folder("a/") })
        let layer = try await work.importLayer(TestArchive.build { attack.build(&$0) })
        let unpacker = LayerUnpacker(work.content)
        if onTop { _ = try await unpacker.unpack([below], into: storage, named: "folder") }
        let error = await #expect(throws: EngineError.self) {
            _ = try await unpacker.unpack(onTop ? [below, layer] : [layer], into: storage, named: "folder")
        }
        #expect(error?.code == .invalidArgument || attack.sentence == "can't be unpacked")
        #expect(error?.message.contains(attack.sentence) == true, "\(error?.message ?? "")")
        #expect(!Files.exists("\(work.root)/storage/victim") && !Files.exists("\(work.root)/victim"))
        #expect(try Files.list("\(work.root)/storage").count == (onTop ? 1 : 0))
        #expect(try work.names("ingest").isEmpty)
    }

    @Test("an absolute link is followed inside the tree and nowhere else")
    func absoluteLink() async throws {
        let work = try Workplace()
        let storage = try FolderStorage("\(work.root)/storage")
        let name = "gantry-escape-\(getpid())"
        let layer = try await work.importLayer(
            TestArchive.build {
                $0.folder("tmp/")
                $0.link("door", to: "/tmp")
                $0.file("door/\(name)", "inside")
                $0.file("/tmp/absolute-\(name)", "inside")
            })
        let key = try await LayerUnpacker(work.content).unpack([layer], into: storage, named: "folder")
        #expect(try Files.read("\(storage.path(key))/tmp/\(name)") == Array("inside".utf8))
        #expect(Files.exists("\(storage.path(key))/tmp/absolute-\(name)"))
        #expect(!Files.exists("/tmp/\(name)") && !Files.exists("/tmp/absolute-\(name)"))
    }

    @Test("garbage and cut archives are refused", arguments: [0, 100, 700, 1500])
    func garbage(_ length: Int) async throws {
        let work = try Workplace()
        let storage = try FolderStorage("\(work.root)/storage")
        let sound = TestArchive.build { $0.bytes("a", [UInt8](repeating: 65, count: 4000)) }
        await #expect(throws: EngineError.self) {
            let layer = try await work.importLayer(Array(sound.prefix(length)))
            _ = try await LayerUnpacker(work.content).unpack([layer], into: storage, named: "folder")
        }
        #expect(try Files.list("\(work.root)/storage").isEmpty)
    }

    @Test("overlayfs's own attributes don't come from archives")
    func overlayAttributes() async throws {
        let work = try Workplace()
        let storage = try FolderStorage("\(work.root)/storage")
        let layer = try await work.importLayer(
            TestArchive.build {
                $0.pax([("SCHILY.xattr.trusted.overlay.redirect", Array("/etc".utf8)), ("SCHILY.xattr.user.sound", Array("yes".utf8))])
                $0.folder("a/")
            })
        let key = try await LayerUnpacker(work.content).unpack([layer], into: storage, named: "folder")
        #expect(attribute("\(storage.path(key))/a", "trusted.overlay.redirect") == nil)
        #expect(attribute("\(storage.path(key))/a", "user.sound") == "yes")
    }
}
