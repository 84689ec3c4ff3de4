import EngineModel
import StateStore
import TestSupport
import Testing

/// The database of a daemon of schema version 1 that had three containers, two networks, a volume and an image, as SQL. A
/// later release must read it; what it adds to the records has a value for these.
@Suite("databases of earlier releases")
struct RecordedDatabaseTests {
    private static let recordings = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/Recordings"

    @Test("every record is read, and says what it said")
    func version1() throws {
        let folder = Folder()
        let program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())"
        let made = Command.run(["python3", "-c", program, folder.file, "\(Self.recordings)/version-1.sql"])
        #expect(made.status == 0, "\(made.everything)")

        let store = try StateStore(path: folder.file)
        let containers = try store.load(ContainerSnapshot.self), images = try store.load(ImageSnapshot.self)
        let networks = try store.load(NetworkSnapshot.self), volumes = try store.load(VolumeSnapshot.self)
        #expect(store.quarantined == [])
        #expect(try store.value("daemon-id") == "11935378-b8c1-48ea-a39a-a309506cf759")
        #expect(networks.map(\.name) == ["bridge", "host", "none", "net", "in"])
        #expect(networks.map(\.isInternal) == [false, false, false, false, true])
        #expect(volumes.count == 4 && volumes.count { $0.isAnonymous } == 3 && volumes.first?.labels == ["a": "b"])
        #expect(images.map(\.tags) == [["busybox:1", "other:2"]])
        #expect(containers.map(\.name) == ["full", "ended", "made"])
        #expect(containers.map(\.status.state) == [.running, .exited, .created] && containers.map(\.status.exitCode) == [0, 3, 0])

        let full = try #require(containers.first)
        #expect(full.networks.map(\.address) == ["172.29.78.9"] && full.networks.first?.ports.map(\.hostPort) == [39391])
        #expect(full.mounts.map(\.target).sorted() == ["/data", "/host", "/v"] && full.host.restartPolicy.name == .onFailure)
        #expect(full.host.logDriver == "local" && full.host.logOptions == ["max-size": "1m"] && full.host.storageDriver.isEmpty)
        #expect(full.host.resources.memory == 64 << 20 && full.host.resources.pidsLimit == 30 && full.configuration.stopTimeout == 3)
        #expect(containers.last?.storageDriver == "vfs" && containers.last?.host.autoRemove == true)
    }
}
