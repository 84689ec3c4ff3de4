import ContentStore
import DriverHost
@testable import EngineCore
import EngineErrors
import EngineModel
import Glibc
import LinuxSystem
import StateStore
import Synchronization
import TestSupport
import Testing

/// A catalogue with a real store and the real overlayfs driver, in a folder of its own.
private final class Lab: Sendable {
    let root: String
    let events = EventBus()
    let containers = Mutex<[ContainerSnapshot]>([])

    init() {
        var template = Array("/var/tmp/gantry-images-XXXXXX".utf8CString)
        root = String(cString: mkdtemp(&template))
    }

    deinit { try? Files.removeTree(root) }

    /// A database has one owner: the one before is closed.
    private let store = Mutex<StateStore?>(nil)

    func open() async throws -> ImageCatalog {
        await store.withLock { $0 }?.close()
        let opened = try StateStore(path: "\(root)/state.db")
        store.withLock { $0 = opened }
        let registry = DriverRegistry(
            DriverRegistry.Configuration(
                directories: [Engine.bin], stateRoot: "\(root)/drivers", mark: "t", defaults: [.storage: "overlayfs"], checksOwnership: false))
        let catalog = try await ImageCatalog(
            store: opened, content: try ContentStore(root: "\(root)/content"), registry: registry, events: events, dataRoot: root)
        await catalog.setContainers { [self] in containers.withLock { $0 } }
        return catalog
    }

    /// As a daemon that died in the middle leaves it.
    func begin(_ migration: ImageMigration) async throws { try await store.withLock { $0 }?.save(migration) }
    func migrations() async throws -> [ImageMigration] { try store.withLock { $0 }?.load(ImageMigration.self) ?? [] }

    /// A tar archive with one small file, made by tar.
    func archive(_ text: String) throws -> [UInt8] {
        let folder = "\(root)/fs-\(text)"
        try Files.makeDirectories(folder)
        try Files.replace("\(folder)/hello", with: Array(text.utf8))
        try #require(system("tar -C \(folder) -cf \(folder).tar .") == 0)
        return try Files.read("\(folder).tar")
    }

    func use(_ image: String, as id: String, _ state: ContainerStatus.State, in storage: String = "overlayfs") {
        var container = ContainerSnapshot(
            id: id, name: "c", created: 0, imageID: image, arguments: [], configuration: ContainerConfiguration(), host: HostConfiguration(),
            storageDriver: storage)
        container.status.state = state
        containers.withLock { [container] in $0 = [container] }
    }

    var snapshots: Int { (try? Files.list("\(root)/drivers/storage/overlayfs/k").count) ?? -1 }
    var blobs: Int { (try? Files.list("\(root)/content/blobs/sha256").count) ?? -1 }
}

private final class Bytes: ByteSource, ByteSink {
    private let content: Mutex<[UInt8]>
    init(_ bytes: [UInt8] = []) { content = Mutex(bytes) }
    var all: [UInt8] { content.withLock { $0 } }
    func write(_ bytes: [UInt8]) async throws { content.withLock { $0 += bytes } }
    func next() async throws -> [UInt8]? {
        content.withLock { content in
            let chunk = Array(content.prefix(4096))
            content.removeFirst(chunk.count)
            return chunk.isEmpty ? nil : chunk
        }
    }
}

@Suite("image catalogue", .enabled(if: geteuid() == 0))
struct ImageCatalogTests {
    private func importImage(_ text: String, _ reference: String?, _ lab: Lab, _ catalog: ImageCatalog, _ changes: [String] = []) async throws -> String {
        try await catalog.importImage(from: Bytes(try lab.archive(text)), reference: reference, message: "", changes: changes, platform: nil)
    }

    @Test("an imported image is found by name, id and the beginning of its id, also after a restart")
    func find() async throws {
        let lab = Lab()
        var catalog = try await lab.open()
        let id = try await importImage(
            "one", "app:1", lab, catalog,
            [
                "CMD [\"/hello\", \"-x\"]", "ENV A=\"b c\" D=e", "ENV F g h", "EXPOSE 80 90-91/udp", "LABEL k=v", "WORKDIR /w", "WORKDIR sub", "USER 5", "VOLUME /data", "STOPSIGNAL 9",
                "ENTRYPOINT run it",
            ])
        for _ in 0..<2 {
            for reference in ["app:1", "docker.io/library/app:1", id, String(id.dropFirst(7)), String(id.dropFirst(7).prefix(12)), String(id.prefix(20))] {
                #expect(try await catalog.resolve(reference).id == id)
            }
            let image = try await catalog.inspectImage("app:1")
            #expect(image.configuration.command == ["/hello", "-x"] && image.configuration.entrypoint == ["/bin/sh", "-c", "run it"])
            #expect(image.configuration.environment == ["A=b c", "D=e", "F=g h"] && image.configuration.workingDirectory == "/w/sub")
            #expect(image.configuration.exposedPorts.map(\.description) == ["80/tcp", "90/udp", "91/udp"])
            #expect(image.configuration.labels == ["k": "v"] && image.configuration.volumes == ["/data"] && image.configuration.user == "5")
            #expect(image.configuration.stopSignal == "9" && image.size > 0 && image.storageDrivers == ["overlayfs"])
            let history = try await catalog.history("app:1")
            #expect(history.count == 1 && history[0].id == id && history[0].comment == "Imported from -" && history[0].size == image.size)
            catalog = try await lab.open()
        }
        await expect(.notFound, "No such image: nosuch:latest") { _ = try await catalog.resolve("nosuch") }
        await expect(.invalidArgument, "invalid reference format") { _ = try await catalog.resolve("") }
    }

    @Test("what was saved and removed is loaded again as the same image")
    func roundTrip() async throws {
        let lab = Lab()
        let catalog = try await lab.open()
        let id = try await importImage("one", "app:1", lab, catalog)
        try await catalog.tagImage("app:1", as: "app:2")
        let archive = Bytes()
        try await catalog.saveImages(["app"])(archive)
        #expect(try await catalog.removeImage("app:1", force: false, prune: true) == [.untagged("app:1")])
        let removals = try await catalog.removeImage("app:2", force: false, prune: true)
        #expect(removals.count == 3 && removals[0] == .untagged("app:2") && removals[1] == .deleted(id))
        #expect(lab.snapshots == 0 && lab.blobs == 0)
        let again = Bytes(archive.all)
        #expect(try await catalog.loadImages(from: again).sorted() == ["Loaded image: app:1", "Loaded image: app:2"])
        #expect(try await catalog.resolve("app:2").id == id)
        let other = Bytes()
        try await catalog.saveImages(["app"])(other)
        #expect(other.all == archive.all)
        await expect(.notFound, "No such image: nosuch:latest") { _ = try await catalog.saveImages(["app:1", "nosuch"]) }
    }

    @Test("images that containers use stay, in Docker's words")
    func inUse() async throws {
        let lab = Lab()
        let catalog = try await lab.open()
        let id = try await importImage("one", "app:1", lab, catalog)
        let short = String(id.dropFirst(7).prefix(12))
        lab.use(id, as: "abc123", .exited)
        await expect(.conflict, "conflict: unable to remove repository reference \"app:1\" (must force) - container abc123 is using its referenced image \(short)") {
            _ = try await catalog.removeImage("app:1", force: false, prune: true)
        }
        await expect(.conflict, "conflict: unable to delete \(short) (must be forced) - image is being used by stopped container abc123") {
            _ = try await catalog.removeImage(short, force: false, prune: true)
        }
        lab.use(id, as: "abc123", .running)
        await expect(.conflict, "conflict: unable to delete \(short) (cannot be forced) - image is being used by running container abc123") {
            _ = try await catalog.removeImage(short, force: true, prune: true)
        }
        lab.containers.withLock { $0 = [] }
        try await catalog.tagImage("app:1", as: "other:1")
        await expect(.conflict, "conflict: unable to delete \(short) (must be forced) - image is referenced in multiple repositories") {
            _ = try await catalog.removeImage(short, force: false, prune: true)
        }
        #expect(try await catalog.removeImage(short, force: true, prune: true).count == 4)
        #expect(try await catalog.listImages().isEmpty && lab.blobs == 0)
    }

    @Test("a name moves to the newer image, and the older one is pruned")
    func move() async throws {
        let lab = Lab()
        let catalog = try await lab.open()
        let old = try await importImage("one", "app", lab, catalog)
        let new = try await importImage("two", "app", lab, catalog)
        #expect(try await catalog.resolve("app").id == new && old != new)
        #expect(try await catalog.inspectImage(old).tags.isEmpty)
        let pruned = try await catalog.pruneImages(all: false) { _ in true }
        #expect(pruned.removals.first == .deleted(old) && pruned.bytes > 0)
        #expect(try await catalog.listImages().map(\.id) == [new])
        #expect(lab.snapshots == 1 && lab.blobs == 2)
    }

    @Test("what fails in the middle leaves nothing")
    func failure() async throws {
        let lab = Lab()
        let catalog = try await lab.open()
        await #expect(throws: EngineError.self) {
            _ = try await catalog.importImage(from: Bytes(Array("no archive".utf8)), reference: "app", message: "", changes: [], platform: nil)
        }
        await expect(.invalidArgument, "from is not a valid change command") { _ = try await importImage("one", "app", lab, catalog, ["FROM x"]) }
        #expect(try await catalog.listImages().isEmpty)
        #expect(lab.snapshots == 0 && lab.blobs == 0)
    }

    @Test("a container that is being created on a driver that does not hold its image yet has lost no layer")
    func beingCreated() async throws {
        let lab = Lab(), catalog = try await lab.open()
        let id = try await importImage("one", "app", lab, catalog)
        lab.use(id, as: "coming", .created, in: "vfs")
        let found = await catalog.discrepancies(deep: false).map(\.finding)
        #expect(found.isEmpty, "\(found)")
    }

    @Test("leftovers of a crash go at the next start, and lost layers come back from the content store")
    func restart() async throws {
        let lab = Lab()
        let id = try await importImage("one", "app", lab, try await lab.open())
        let hex = String(repeating: "a", count: 64)
        try Files.replace("\(lab.root)/content/blobs/sha256/\(hex)", with: [1])
        try Files.replace("\(lab.root)/content/ingest/blob-half", with: [1])
        try Files.removeTree("\(lab.root)/drivers")
        let catalog = try await lab.open()
        #expect(lab.blobs == 2 && !Files.exists("\(lab.root)/content/ingest/blob-half"))
        let image = try await catalog.resolve("app")
        #expect(image.id == id && image.storageDrivers.isEmpty)
    }

    @Test("a migration that the last daemon began is finished, one that can't be is given up and changes nothing")
    func migration() async throws {
        let lab = Lab()
        let id = try await importImage("one", "app", lab, try await lab.open())
        try await lab.begin(ImageMigration(image: id, driver: "vfs"))
        var catalog = try await lab.open()
        #expect(try await catalog.resolve("app").storageDrivers == ["overlayfs"] && lab.snapshots == 1)
        await catalog.resumeMigrations()
        #expect(try await catalog.resolve("app").storageDrivers == ["vfs"] && lab.snapshots == 0)
        // The folder is not on btrfs.
        try await lab.begin(ImageMigration(image: id, driver: "btrfs"))
        catalog = try await lab.open()
        await catalog.resumeMigrations()
        #expect(try await catalog.resolve("app").storageDrivers == ["vfs"])
        #expect(try await lab.migrations().isEmpty)
        // Nobody's: half unpacked when the daemon was told to give up.
        let before = try Files.list("\(lab.root)/drivers/storage/vfs/k")
        symlink("c 1 - 1", "\(lab.root)/drivers/storage/overlayfs/k/\(before[0])")
        try Files.makeDirectories("\(lab.root)/drivers/storage/overlayfs/s/1/fs")
        catalog = try await lab.open()
        #expect(lab.snapshots == 0)
        #expect(try Files.list("\(lab.root)/drivers/storage/vfs/k") == before)
        let report = try await catalog.migrateImage("app", to: "overlayfs")
        #expect(report.from == ["vfs"] && report.stillUsedBy.isEmpty && lab.snapshots == 1)
    }

    private func expect(_ code: EngineError.Code, _ message: String, _ body: () async throws -> Void) async {
        let error = await #expect(throws: EngineError.self) { try await body() }
        #expect(error?.code == code && error?.message == message, "\(String(describing: error))")
    }
}
