import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem
import Testing

@Suite("local volumes")
struct LocalVolumeTests {
    private let folder: TestFolder
    private let driver: LoadedDriver
    private let volumes: LoadedVolumeDriver

    init() throws {
        folder = try TestFolder()
        driver = try Loader.load(Builds.driver("volume-local"), checksOwnership: false)
        volumes = try LoadedVolumeDriver(driver, OpenContext(name: "local", stateDirectory: folder.path))
    }

    private func code(_ body: () throws -> Void) -> Int32 {
        do {
            try body()
            return 0
        } catch { return (error as? DriverError)?.code ?? -1 }
    }

    private func message(_ options: [String: String]) -> String? {
        do {
            try volumes.create("refused", options: options)
            return nil
        } catch { return "\(error)" }
    }

    private func list() throws -> [Volume] {
        var list: [Volume] = []
        try volumes.walk {
            list.append($0)
            return true
        }
        return list
    }

    @Test("a plain volume is a folder that is bind-mounted")
    func plain() throws {
        try volumes.create("v1", options: [:])
        var status = stat()
        #expect(stat("\(folder.path)/v1/_data", &status) == 0 && status.st_mode & 0o7777 == 0o755)
        #expect(try volumes.mount("v1", user: "c") == [Mount(type: "bind", source: "\(folder.path)/v1/_data", flags: 4096 | 16384)])
        let found = try list()
        #expect(found.map(\.name) == ["v1"] && found.map(\.mountpoint) == ["\(folder.path)/v1/_data"])
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        #expect(abs(found[0].created / 1_000_000_000 - Int64(now.tv_sec)) < 60)
        try volumes.unmount("v1", user: "c")
    }

    @Test("what exists can't be made again, what doesn't can't be used, and removing takes all")
    func lifeCycle() throws {
        try volumes.create("v", options: [:])
        try Files.makeDirectories("\(folder.path)/v/_data/deep/er")
        #expect(code { try volumes.create("v", options: [:]) } == EEXIST)
        try volumes.remove("v")
        #expect(try Files.list(folder.path).isEmpty)
        #expect(code { try volumes.remove("v") } == ENOENT)
        #expect(code { _ = try volumes.mount("v", user: "c") } == ENOENT)
        #expect(code { _ = try volumes.usage("v") } == ENOENT)
    }

    @Test("names that lead elsewhere are refused", arguments: ["", ".", "..", "../x", "a/b", "-a", "_a", ".a", "a b", "a\u{e4}", String(repeating: "a", count: 256)])
    func names(_ name: String) {
        #expect(code { try volumes.create(name, options: [:]) } == EINVAL)
        #expect(code { try volumes.remove(name) } == EINVAL)
    }

    @Test("the longest name works")
    func longName() throws {
        let name = String(repeating: "a", count: 255)
        try volumes.create(name, options: [:])
        try volumes.remove(name)
    }

    @Test("options become a mount, and survive a new instance")
    func options() throws {
        try volumes.create("t", options: ["type": "tmpfs", "device": "tmpfs", "o": "size=1m,noexec,ro,uid=5,rw"])
        try volumes.create("b", options: ["type": "none", "device": "/usr", "o": "bind,ro"])
        try volumes.create("n", options: ["type": "nfs", "device": ":/x", "o": "addr=127.0.0.1,soft"])
        let again = try LoadedVolumeDriver(driver, OpenContext(name: "local", stateDirectory: folder.path))
        #expect(try again.mount("t", user: "c") == [Mount(type: "tmpfs", source: "tmpfs", options: "size=1m,uid=5", flags: 8)])
        #expect(try again.mount("b", user: "c") == [Mount(type: "bind", source: "/usr", flags: 4096 | 1)])
        #expect(try again.mount("n", user: "c") == [Mount(type: "nfs", source: ":/x", options: "addr=127.0.0.1,soft")])
        #expect(code { _ = try again.usage("t") } == ENOTSUP)
    }

    @Test(
        "options that make no sense are refused",
        arguments: [
            (["type": "tmpfs"], "missing required option: \"device\""), (["device": "x"], "missing required option: \"type\""),
            (["o": "ro"], "missing required option: \"device\""), (["x": "1"], "invalid option: \"x\""),
            (["type": "none", "device": "rel", "o": "bind"], "the device \"rel\" of a bind mount is not an absolute path"),
            (["type": "tmpfs", "device": "tmpfs", "o": "remount"], "the option o=remount has no meaning for a volume"),
            (["type": "tmpfs", "device": "a\r\nb"], "option \"device\" of a volume has a control character in it"),
        ])
    func refused(_ options: [String: String], _ expected: String) throws {
        #expect(message(options) == expected)
        #expect(try Files.list(folder.path).isEmpty)
    }

    @Test("a bind mount of a folder that is gone fails in Docker's words")
    func goneDevice() throws {
        try volumes.create("g", options: ["type": "none", "device": "/nowhere/at/all", "o": "bind"])
        #expect(code { _ = try volumes.mount("g", user: "c") } == ENOENT)
    }

    @Test("usage counts a linked file once")
    func usage() throws {
        try volumes.create("u", options: [:])
        let data = "\(folder.path)/u/_data"
        let empty = try volumes.usage("u")
        try Files.replace("\(data)/a", with: [UInt8](repeating: 1, count: 100_000))
        link("\(data)/a", "\(data)/b")
        try Files.makeDirectory("\(data)/d")
        let full = try volumes.usage("u")
        #expect(full.inodes == empty.inodes + 2)
        #expect((100_000..<120_000).contains(full.bytes - empty.bytes))
    }

    @Test("what a crash left half made or half removed goes when the driver is opened")
    func leftovers() throws {
        try Files.makeDirectories("\(folder.path)/.gone-1-1/_data/x")
        try Files.makeDirectories("\(folder.path)/.new-1-2/_data")
        try Files.makeDirectories("\(folder.path)/byhand/_data")
        let again = try LoadedVolumeDriver(driver, OpenContext(name: "local", stateDirectory: folder.path))
        #expect(try Files.list(folder.path) == ["byhand"])
        #expect(try again.mount("byhand", user: "c").count == 1)
    }

    @Test("of many who make the same volume at once, one wins")
    func race() async throws {
        let registry = DriverRegistry(.init(directories: [Builds.folder], stateRoot: folder.path, defaults: [.volume: "local"], checksOwnership: false))
        let instance = try await registry.volume(nil)
        let won = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<16 { group.addTask { (try? await instance.create("r", options: [:])) != nil } }
            return await group.reduce(into: 0) { if $1 { $0 += 1 } }
        }
        #expect(won == 1)
        #expect(try Files.list("\(folder.path)/volume/local") == ["r"])
        #expect(try await instance.walk().map(\.name) == ["r"])
    }
}
