import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("storage drivers' conformance", .enabled(if: Verify.isRoot))
struct StorageConformanceTests {
    @Test(
        "our storage drivers pass, and leave nothing",
        arguments: [("overlayfs", "ext4", []), ("vfs", "ext4", ["storage.overlay-upper"]), ("btrfs", "btrfs", ["storage.overlay-upper"])] as [(String, String, [String])])
    func ours(_ name: String, _ kind: String, _ skipped: [String]) throws {
        let disk = Self.disk(kind)
        defer { disk.discard() }
        let before = try Files.list(disk.path)
        let report = Verify.run(Verify.driver("storage-\(name)"), ["--state", disk.path])
        #expect(report.status == 0 && report.failed.isEmpty && report.skipped == skipped && report.passed.count > 30, "\(report)")
        #expect(try Files.list(disk.path) == before)
    }

    /// A file system of its own: others' writes don't have to wait for these checks' syncs, nor these for theirs.
    private static func disk(_ kind: String) -> LoopFileSystem {
        LoopFileSystem(kind, at: "/var/tmp/gantry-verify-\(kind)-\(UInt32.random(in: 0 ... .max))", megabytes: kind == "btrfs" ? 600 : 300)
    }

    @Test("a right driver in C passes")
    func plain() throws {
        let disk = Self.disk("ext4")
        defer { disk.discard() }
        let report = try SeededDriver("storage", bug: "").verify(["--state", disk.path])
        #expect(report.status == 0 && report.failed.isEmpty && report.skipped == ["storage.overlay-upper", "storage.concurrent-calls"], "\(report)")
    }

    @Test(
        "one bug fails one check",
        arguments: [
            ("COMMIT_STAYS_WRITABLE", "storage.commit-is-immutable", "mounts of the committed snapshot: EINVAL was expected, it succeeded"),
            ("LOSES_HARD_LINKS", "storage.hard-links-stay", "same as"), ("LOSES_ATTRIBUTES", "storage.attributes-stay", "trusted.secret"),
            ("FILLS_HOLES", "storage.holes-stay", "nearly all holes"), ("SHOWS_DELETED_FILES", "storage.deletions-stay", "back"),
            ("USAGE_IS_ZERO", "storage.usage", "uses 0 bytes"), ("CRASHES_ON_SECOND_REMOVE", "storage.remove-twice", "SIGSEGV in: a second remove"),
            ("WALK_REPEATS", "storage.walk", "v of l1 view"), ("VIEW_IS_WRITABLE", "storage.views-are-read-only", "EROFS"),
            ("HANGS_ON_COMMIT_OF_VIEW", "storage.views-are-read-only", "hung for 10 s in: commit of a view"), ("MAKES_IN_PLACE", "storage.survives-a-kill", "after a kill at file call"),
            ("COMMITS_WITHOUT_SYNC", "storage.commit-is-durable", "syncfs"), ("REMOVES_PARENTS", "storage.errors", "EBUSY"), ("TAKES_ANY_KEY", "storage.names", "a b"),
            ("FAILS_AFTER_COMMIT", "storage.survives-io-errors", "after EIO at file call"), ("LEAKS_DESCRIPTOR", "driver.keeps-no-descriptors", "/dev/null"),
        ])
    func bugs(_ bug: String, _ check: String, _ words: String) throws {
        let disk = Self.disk("ext4")
        defer { disk.discard() }
        try SeededDriver.expect("storage", bug, check, saying: words, ["--state", disk.path])
    }
}
