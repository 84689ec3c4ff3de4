import Glibc
import LinuxSystem
import TestSupport
import Testing

/// The repository's own rules, read off its files.
@Suite("the repository")
struct LayoutTests {
    static let root: String = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/")
    }()

    /// What each module may import of ours. Arrows go one way only.
    static let allowed: [String: Set<String>] = [
        "EngineErrors": [], "DriverKit": ["CDriverABI"], "LinuxSystem": ["CLinux", "EngineErrors"], "LinuxNetlink": ["LinuxSystem", "CLinux", "CNetfilter"],
        "Snapshots": ["DriverKit", "LinuxSystem"], "LogKit": ["DriverKit"], "Gzip": ["CZlib", "LinuxSystem"],
        "LinuxCgroups": ["LinuxSystem", "CLinux", "EngineErrors"], "ShimProtocol": ["LinuxSystem"], "OCISpecs": ["EngineErrors"],
        "EngineModel": ["OCISpecs", "EngineErrors"], "EngineWire": ["EngineErrors"], "DriverHost": ["DriverKit", "CDriverABI", "LinuxSystem", "CLinux", "EngineErrors"],
        "StateStore": ["EngineModel", "EngineErrors", "LinuxSystem", "GRDB", "Synchronization"],
        "ContentStore": ["EngineModel", "EngineErrors", "OCISpecs", "DriverHost", "DriverKit", "LinuxSystem", "CLinux", "CArchive", "Crypto"],
        "ContainerRuntime": ["CLinux", "LinuxSystem", "LinuxCgroups", "ShimProtocol", "EngineModel", "EngineErrors", "CSeccomp", "CCapability"],
        "EngineCore": ["EngineModel", "EngineErrors", "OCISpecs", "StateStore", "ContentStore", "ContainerRuntime", "LinuxCgroups", "DriverHost", "DriverKit", "LinuxSystem", "CLinux", "Logging"],
        "EngineHTTP": ["EngineCore", "EngineModel", "EngineWire", "EngineErrors", "DriverKit", "LinuxSystem", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOSSL", "Logging", "ServiceLifecycle"],
        "Shim": ["ShimProtocol", "CLauncher", "CLinux", "CDriverABI", "LinuxSystem", "DriverHost", "DriverKit", "EngineErrors"],
        "DriverConformance": ["CDriverABI", "CFaultPoints", "CLinux", "DriverHost", "DriverKit", "EngineErrors", "LinuxNetlink", "LinuxSystem"],
        "gantry-driver-verify": ["DriverConformance"],
        "gantryd": ["EngineDaemon"], "gantry": ["EngineCLI"], "gantry-shim": ["Shim"],
    ]
    static let system: Set<String> = ["Glibc", "Synchronization", "FoundationEssentials", "Dispatch"]

    static func swiftFiles(_ folder: String) -> [String] {
        Command.run(["find", folder, "-name", "*.swift"]).output.split(separator: "\n").map(String.init)
    }

    static func imports(_ file: String) throws -> [String] {
        String(decoding: try Files.read(file), as: UTF8.self).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), words.count > place + 1,
                words[..<place].allSatisfy({ ["public", "internal", "package", "@_exported", "@testable", "@preconcurrency"].contains($0) })
            else { return nil }
            return String(words[place + 1].split(separator: ".")[0])
        }
    }

    @Test("a module imports only what it may", arguments: allowed.keys.sorted())
    func arrows(_ module: String) throws {
        let permitted = Self.allowed[module]!.union(Self.system)
        let files = Self.swiftFiles("\(Self.root)/Sources/\(module)")
        #expect(!files.isEmpty, "\(module) has no files")
        for file in files {
            let wrong = try Self.imports(file).filter { !permitted.contains($0) }
            #expect(wrong.isEmpty, "\(file) imports \(wrong)")
        }
    }

    @Test("a driver imports no engine module")
    func drivers() throws {
        for file in Self.swiftFiles("\(Self.root)/plugins") where !file.hasSuffix("/Package.swift") {
            let wrong = try Self.imports(file).filter {
                !["DriverKit", "LinuxSystem", "LinuxNetlink", "Snapshots", "CLinux", "CNetfilter", "LogKit", "Gzip", "Glibc", "Synchronization"].contains($0)
            }
            #expect(wrong.isEmpty, "\(file) imports \(wrong)")
        }
    }

    @Test("nothing imports the full Foundation, and no Swift forks")
    func foundation() throws {
        for file in Self.swiftFiles("\(Self.root)/Sources") + Self.swiftFiles("\(Self.root)/plugins") {
            #expect(try !Self.imports(file).contains("Foundation"), "\(file)")
            let text = String(decoding: try Files.read(file), as: UTF8.self)
            #expect(!text.contains(" fork("), "\(file) forks")
        }
    }

    @Test("the core knows no driver by name and opens no library")
    func core() throws {
        for file in Self.swiftFiles("\(Self.root)/Sources/EngineCore") {
            let text = String(decoding: try Files.read(file), as: UTF8.self)
            #expect(!text.contains("dlopen("), "\(file)")
            for name in ["\"overlayfs\"", "\"json-file\""] { #expect(!text.contains(name), "\(file) names \(name)") }
        }
    }

    @Test("the top level has what it should and nothing else")
    func topLevel() throws {
        let known: Set<String> = ["Package.swift", "Makefile", "README.md", "CHANGELOG.md", "LICENSE", "Sources", "Tests", "plugins", "config", "Package.resolved"]
        let extra = try Files.list(Self.root).filter { !$0.hasPrefix(".") && !known.contains($0) }
        #expect(extra.isEmpty, "\(extra)")
    }

    @Test("each driver has its description and its page")
    func pages() throws {
        let folders = try Files.list("\(Self.root)/plugins").filter { $0.contains("-") }
        #expect(folders.count >= 6)
        for folder in folders {
            for name in ["driver.json", "README.md"] { #expect(Files.exists("\(Self.root)/plugins/\(folder)/\(name)"), "\(folder)/\(name)") }
        }
    }
}
