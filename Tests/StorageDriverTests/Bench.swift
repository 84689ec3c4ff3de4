@testable import ContentStore
import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// One storage driver, loaded as the daemon does it, over a folder of its own.
final class Bench {
    let root: String
    let driver: String
    private var disk: LoopFileSystem?
    private(set) var registry: DriverRegistry

    static let drivers = ["overlayfs", "vfs", "btrfs"]
    static let isRoot = geteuid() == 0

    /// - Parameter disk: the file system for the state ("" : the host's); nil: what the driver needs.
    init(_ driver: String, disk kind: String? = nil, megabytes: Int = 300) throws {
        var template = Array("/var/tmp/gantry-storage-XXXXXX".utf8CString)
        let folder = String(cString: mkdtemp(&template))
        self.driver = driver
        let kind = kind ?? (driver == "btrfs" ? "btrfs" : "")
        if !kind.isEmpty { disk = LoopFileSystem(kind, at: "\(folder)/disk", megabytes: megabytes) }
        root = kind.isEmpty ? folder : "\(folder)/disk"
        registry = Self.registry(root, driver)
    }

    deinit {
        registry = Self.registry("/nonexistent", driver)
        if let disk {
            disk.discard()
            rmdir(String(root.dropLast("/disk".count)))
        } else {
            try? Files.removeTree(root)
        }
    }

    private static func registry(_ root: String, _ driver: String) -> DriverRegistry {
        DriverRegistry(
            DriverRegistry.Configuration(
                directories: [Engine.bin], stateRoot: root, mark: "t", defaults: [.storage: driver], checksOwnership: false))
    }

    var state: String { "\(root)/storage/\(driver)" }

    func storage(_ name: String? = nil) async throws -> StorageInstance { try await registry.storage(name) }

    /// The next daemon's.
    func reopened() async throws -> StorageInstance {
        registry = Self.registry(root, driver)
        return try await storage()
    }

    /// A layer with what `make` puts into its tree.
    func layer(_ name: String, parent: String = "", _ make: @escaping @Sendable (String) throws -> Void) async throws {
        let storage = try await storage()
        try await inside(try await storage.prepare("making-\(name)", parent: parent), make)
        try await storage.commit("making-\(name)", as: name)
    }

    /// Runs `body` where the mounts are visible, at the path that it gets.
    @discardableResult
    func inside<R: Sendable>(_ mounts: [Mount], _ body: @escaping @Sendable (String) throws -> R) async throws -> R {
        let point = "\(root)/point\(UInt32.random(in: 0 ... .max))"
        try Files.makeDirectory(point)
        defer { rmdir(point) }
        return try await SnapshotMounts.inside(mounts, at: point) { try body(point) }
    }

    /// What a committed snapshot holds, line by line.
    func contents(_ name: String) async throws -> [String] {
        let storage = try await storage(), key = "look-\(UInt32.random(in: 0 ... .max))"
        let lines = try await inside(try await storage.view(key, parent: name)) { Fingerprint.lines($0) }
        try await storage.remove(key)
        return lines
    }
}

func expect(_ code: EngineError.Code, _ words: String = "", sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void) async {
    let error = await #expect(throws: EngineError.self, sourceLocation: sourceLocation) { try await body() }
    #expect(error?.code == code && error.map { words.isEmpty || "\($0)".contains(words) } == true, "\(String(describing: error))", sourceLocation: sourceLocation)
}

func shell(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let result = Command.run(["sh", "-ec", script])
    #expect(result.status == 0, "\(result.everything)", sourceLocation: sourceLocation)
}
