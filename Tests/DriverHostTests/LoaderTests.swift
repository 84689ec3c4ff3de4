import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem
import TestSupport
import Testing

private func refusal(_ path: String, checksOwnership: Bool = false) -> EngineError? {
    do throws(EngineError) {
        _ = try Loader.load(path, checksOwnership: checksOwnership)
        return nil
    } catch { return error }
}

private func sentence(_ path: String, _ why: String) -> String { "the driver file \(path) was refused: \(why)" }

@Suite("what the loader refuses")
struct LoaderTests {
    @Test("a driver in plain C loads, says what it is and can log")
    func loads() throws {
        let folder = try TestFolder()
        let path = try Builds.compile("ring.c", to: "\(folder.path)/liblog-ring.so")
        nonisolated(unsafe) var said: [String] = []
        let driver = try Loader.load(path, checksOwnership: false) { said.append("\($0) \($1) \($2)") }
        #expect(driver.kind == .log && driver.name == "ring" && driver.version == "1.0" && driver.path == path)
        #expect(driver.capabilities == .read)
        #expect(driver.options.map(\.name) == ["fail"] && driver.options.map(\.kind) == [.boolean])
        #expect(said == ["liblog-ring.so 1 the ring is here"])
    }

    struct Broken: Sendable, CustomTestStringConvertible {
        var number: Int
        var code: EngineError.Code
        var why: String
        var testDescription: String { "case \(number): \(why)" }
    }

    static let broken = [
        Broken(number: 1, code: .unsupported, why: "it speaks driver contract 2.0, this engine speaks 1.x"),
        Broken(number: 2, code: .unsupported, why: "the log driver broken lacks the required function \"write\""),
        Broken(number: 3, code: .unsupported, why: "the log driver broken lacks the required function \"write\""),
        Broken(number: 4, code: .unsupported, why: "it exports gantry_driver_entry_v2 but not gantry_driver_entry_v1: it was built for another major version of the driver contract"),
        Broken(number: 6, code: .unsupported, why: "its description is malformed: gantry_driver.size is 12, at least 112 are needed"),
        Broken(number: 8, code: .driverFailed, why: "the driver can't serve here: the kernel module nbd is not there"),
        Broken(number: 10, code: .unsupported, why: "the log driver broken lacks the required function \"read\""),
        Broken(number: 11, code: .unsupported, why: "its description is malformed: its kind is 9, which this engine does not know"),
        Broken(number: 12, code: .invalidArgument, why: "it holds the volume driver broken, so the file must be called libvolume-broken.so"),
        Broken(number: 13, code: .unsupported, why: "its description is malformed: its version has 0 bytes, 1 to 64 are allowed"),
        Broken(
            number: 16, code: .unsupported,
            why: "its description is malformed: its version is \"1/../2\"; it must begin with a letter or a digit, and only letters, digits, _, ., +, ~ and - are allowed"),
        Broken(number: 14, code: .unsupported, why: "its description is malformed: its vtable is NULL"),
        Broken(number: 15, code: .driverFailed, why: "the driver can't serve here: it gave no reason"),
    ]

    @Test("a broken driver is refused with one sentence", arguments: broken)
    func refuses(_ broken: Broken) throws {
        let folder = try TestFolder()
        let path = try Builds.compile("broken.c", to: "\(folder.path)/liblog-broken.so", ["-DCASE=\(broken.number)"])
        let error = refusal(path)
        #expect(error?.message == sentence(path, broken.why))
        #expect(error?.code == broken.code)
    }

    @Test("a later minor version of the contract is accepted")
    func laterMinor() throws {
        let folder = try TestFolder()
        let path = try Builds.compile("broken.c", to: "\(folder.path)/liblog-broken.so", ["-DCASE=7"])
        #expect(refusal(path) == nil)
    }

    @Test("a missing symbol is named")
    func undefinedSymbol() throws {
        let folder = try TestFolder()
        let path = try Builds.compile("broken.c", to: "\(folder.path)/liblog-broken.so", ["-DCASE=5"])
        let message = refusal(path)?.message ?? ""
        #expect(message.hasPrefix(sentence(path, "it can't be loaded: ")) && message.contains("undefined symbol: nowhere_to_be_found"))
    }

    @Test("nothing of a library that is no driver runs")
    func noConstructor() throws {
        let folder = try TestFolder()
        let mark = "\(folder.path)/ran"
        let path = try Builds.compile("broken.c", to: "\(folder.path)/liblog-broken.so", ["-DCASE=9", "-DMARK=\"\(mark)\""])
        #expect(refusal(path)?.message == sentence(path, "it is not a driver: it does not export gantry_driver_entry_v1"))
        #expect(!Files.exists(mark))
    }

    @Test("a file that lies about what is in it is refused")
    func wrongName() throws {
        let folder = try TestFolder()
        let path = try Builds.compile("ring.c", to: "\(folder.path)/liblog-other.so")
        #expect(refusal(path)?.message == sentence(path, "it holds the log driver ring, so the file must be called liblog-ring.so"))
    }

    @Test("paths that are no regular files are refused")
    func paths() throws {
        let folder = try TestFolder()
        let path = try Builds.compile("ring.c", to: "\(folder.path)/real.so")
        #expect(refusal("liblog-ring.so")?.message == sentence("liblog-ring.so", "the path is not absolute"))
        #expect(refusal("\(folder.path)/none.so")?.message == sentence("\(folder.path)/none.so", "No such file or directory"))
        #expect(refusal("\(folder.path)/none.so")?.code == .notFound)
        #expect(refusal(folder.path)?.message == sentence(folder.path, "it is not a regular file"))
        let link = "\(folder.path)/liblog-ring.so"
        #expect(symlink(path, link) == 0)
        #expect(refusal(link)?.message == sentence(link, "it is a symbolic link; give the path of the file itself"))
    }

    @Test("files that ld.so would choke on are refused before it sees them")
    func contents() throws {
        let folder = try TestFolder()
        let good = try Files.read(try Builds.compile("ring.c", to: "\(folder.path)/good.so"))
        let path = "\(folder.path)/liblog-ring.so"
        func refusal(of bytes: [UInt8]) throws -> String? {
            try Files.replace(path, with: bytes)
            return DriverHostTests.refusal(path)?.message
        }
        func patched(_ offset: Int, _ values: [UInt8]) -> [UInt8] {
            var bytes = good
            bytes.replaceSubrange(offset..<offset + values.count, with: values)
            return bytes
        }
        #expect(try refusal(of: []) == sentence(path, "it is empty"))
        #expect(try refusal(of: Array("#!/bin/sh\n".utf8)) == sentence(path, "it is not an ELF file"))
        #expect(try refusal(of: Array(good[..<40])) == sentence(path, "the file is truncated; install it again"))
        #expect(try refusal(of: Array(good[..<6000])) == sentence(path, "the file is truncated; install it again"))
        #expect(try refusal(of: patched(16, [2, 0])) == sentence(path, "it is an ELF file, but no shared object"))
        #if arch(x86_64)
            #expect(try refusal(of: patched(18, [183, 0])) == sentence(path, "it was built for aarch64, this engine is x86_64"))
            #expect(try refusal(of: patched(4, [1])) == sentence(path, "it was built for 32-bit x86_64, this engine is x86_64"))
        #endif
        #expect(try refusal(of: good) == nil)
    }

    @Test("no damage to the headers crashes the reader")
    func damage() throws {
        let folder = try TestFolder()
        let good = try Files.read(try Builds.compile("broken.c", to: "\(folder.path)/good.so", ["-DCASE=4"]))
        let path = "\(folder.path)/liblog-broken.so"
        var random = SystemRandomNumberGenerator()
        for round in 0..<2000 {
            var bytes = good
            for _ in 0...(round % 4) {
                // Headers, the dynamic symbols and the dynamic section; the entry's name is wrong, so dlopen is never reached.
                let place = Int.random(in: 4..<min(bytes.count, round % 2 == 0 ? 1200 : bytes.count), using: &random)
                bytes[place] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random)!
            }
            if round % 3 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
            try Files.replace(path, with: bytes)
            #expect(refusal(path) != nil)
        }
    }
}

@Suite("whose files the loader trusts", .enabled(if: geteuid() == 0, "needs root"))
struct OwnershipTests {
    private let folder: TestFolder
    private let path: String

    init() throws {
        folder = try TestFolder(in: "/run")
        path = try Builds.compile("ring.c", to: "\(folder.path)/liblog-ring.so")
        chmod(path, 0o755)
    }

    @Test("a file of root in folders of root is accepted")
    func accepted() { #expect(refusal(path, checksOwnership: true) == nil) }

    @Test("a file that others may write or own is refused")
    func file() {
        chmod(path, 0o666)
        #expect(refusal(path, checksOwnership: true)?.message == sentence(path, "the file is writable by group or others (mode 666)"))
        chmod(path, 0o775)
        #expect(refusal(path, checksOwnership: true)?.message == sentence(path, "the file is writable by group or others (mode 775)"))
        chmod(path, 0o755)
        chown(path, 1000, 0)
        #expect(refusal(path, checksOwnership: true)?.message == sentence(path, "the file is owned by uid 1000, not by root"))
    }

    @Test("a folder above that others may write or own is refused, also a sticky one")
    func folders() throws {
        let inner = "\(folder.path)/inner"
        try Files.makeDirectory(inner, mode: 0o755)
        let moved = "\(inner)/liblog-ring.so"
        rename(path, moved)
        #expect(refusal(moved, checksOwnership: true) == nil)
        chmod(folder.path, 0o770)
        #expect(refusal(moved, checksOwnership: true)?.message == sentence(moved, "the folder \(folder.path) is writable by group or others (mode 770)"))
        chmod(folder.path, 0o1777)
        #expect(refusal(moved, checksOwnership: true)?.message == sentence(moved, "the folder \(folder.path) is writable by group or others (mode 1777)"))
        chmod(folder.path, 0o755)
        chown(folder.path, 1000, 0)
        #expect(refusal(moved, checksOwnership: true)?.message == sentence(moved, "the folder \(folder.path) is owned by uid 1000, not by root"))
    }

    @Test("a symbolic link above is refused")
    func linkAbove() throws {
        let link = "\(folder.path)/link"
        try Files.makeDirectory("\(folder.path)/inner", mode: 0o755)
        rename(path, "\(folder.path)/inner/liblog-ring.so")
        symlink("inner", link)
        let moved = "\(link)/liblog-ring.so"
        #expect(refusal(moved, checksOwnership: true)?.message == sentence(moved, "\(link) is no plain folder (symbolic links are not followed)"))
    }

    @Test("a run path may only lead to folders that nobody else can write")
    func runPath() throws {
        func refusal(with entry: String) throws -> String? {
            try Builds.compile("ring.c", to: path, ["-Wl,-rpath,\(entry)"])
            chmod(path, 0o755)
            return DriverHostTests.refusal(path, checksOwnership: true)?.message
        }
        #expect(try refusal(with: "$ORIGIN") == nil)
        #expect(try refusal(with: "$ORIGIN/../lib:/usr/lib") == nil)
        #expect(try refusal(with: "/tmp/x") == sentence(path, "its run path has the entry \"/tmp/x\": the folder /tmp is writable by group or others (mode 1777)"))
        #expect(try refusal(with: "$ORIGIN/../../tmp/x")?.contains("the folder /tmp is writable") == true)
        #expect(try refusal(with: "lib") == sentence(path, "its run path has the entry \"lib\": it is not absolute and does not start with $ORIGIN"))
        #expect(try refusal(with: "/usr/$LIB") == sentence(path, "its run path has the entry \"/usr/$LIB\": only $ORIGIN is allowed in it"))
    }
}
