import CLinux
import ContentStore
import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem
import OCISpecs
import Synchronization

/// A folder of its own with a content store, removed with the value.
final class Workplace: Sendable {
    let root: String
    let content: ContentStore

    init() throws {
        var template = Array("/var/tmp/gantry-content-XXXXXX".utf8CString)
        root = String(cString: mkdtemp(&template))
        content = try ContentStore(root: "\(root)/content")
    }

    deinit { try? Files.removeTree(root) }

    func importLayer(_ bytes: [UInt8]) async throws -> Digest {
        try await content.importLayer(Chunks(bytes).next).digest
    }

    /// What lies in a folder of the content store.
    func names(_ folder: String) throws -> [String] { try Files.list("\(root)/content/\(folder)") }

    static let isRoot = geteuid() == 0
}

/// Bytes in pieces of an odd size, as a client might send them.
final class Chunks: Sendable {
    private let rest: Mutex<ArraySlice<UInt8>>
    private let size: Int
    init(_ bytes: [UInt8], size: Int = 1000) {
        rest = Mutex(bytes[...])
        self.size = size
    }

    @Sendable func next() async throws -> [UInt8]? {
        rest.withLock { rest in
            let chunk = Array(rest.prefix(size))
            rest = rest.dropFirst(chunk.count)
            return chunk.isEmpty ? nil : chunk
        }
    }
}

/// Snapshots as plain folders: a copy of the parent, mounted with a bind. What a driver without overlay looks like.
final class FolderStorage: SnapshotStore {
    let capabilities: DriverCapabilities = []
    private let root: String
    private let parents = Mutex<[String: String]>([:])

    init(_ root: String) throws {
        self.root = root
        try Files.makeDirectories(root)
    }

    func path(_ key: String) -> String { "\(root)/\(key)" }

    func prepare(_ key: String, parent: String) async throws(EngineError) -> [Mount] {
        parents.withLock { $0[key] = parent }
        _ = parent.isEmpty ? mkdir(path(key), 0o755) : Int32(run(["cp", "-a", path(parent), path(key)]))
        return [Mount(type: "bind", source: key, base: root, flags: 4096)]
    }

    func commit(_ key: String, as name: String) async throws(EngineError) {
        rename(path(key), path(name))
        parents.withLock { $0[name] = $0.removeValue(forKey: key) }
    }

    func remove(_ key: String) async throws(EngineError) {
        try? Files.removeTree(path(key))
        parents.withLock { $0[key] = nil }
    }

    func walk() async throws(EngineError) -> [Snapshot] {
        parents.withLock { $0.map { Snapshot(key: $0.key, parent: $0.value, state: .committed, created: 0) } }
    }
}

/// Runs a program and gives its exit status.
@discardableResult
func run(_ arguments: [String], into output: String = "/dev/null") -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let argv = arguments.map { strdup($0) } + [nil]
    defer { argv.forEach { free($0) } }
    var pid: pid_t = 0
    guard posix_spawnp(&pid, arguments[0], &actions, nil, argv, Glibc.environ) == 0 else { return -1 }
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    return status >> 8
}

func status(_ path: String) -> stat? {
    var result = stat()
    return lstat(path, &result) == 0 ? result : nil
}
