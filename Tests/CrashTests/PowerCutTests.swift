import Glibc
import LinuxSystem
import TestSupport
import Testing

/// What was acknowledged survives a power cut. `GANTRY_POWER_CUTS` is how often it is cut in each of three
/// arrangements; in the short form once.
@Suite("power cuts", .enabled(if: Workplace.isRoot), .serialized)
struct PowerCutTests {
    private static let rounds = getenv("GANTRY_POWER_CUTS").flatMap { Int(String(cString: $0)) } ?? 1

    @Test("a machine that loses its power loses nothing that was acknowledged", arguments: [("ext4", "overlayfs"), ("ext4", "vfs"), ("btrfs", "btrfs")])
    func cuts(_ fileSystem: String, _ storage: String) throws {
        let seed = getenv("GANTRY_TORTURE_SEED").flatMap { UInt64(String(cString: $0)) } ?? UInt64.random(in: 1...1_000_000)
        let machine = CutMachine(fileSystem: fileSystem, storage: storage, seed: seed)
        for _ in 0..<Self.rounds { try machine.round() }
        machine.finish()
        print("power cuts on \(fileSystem) with \(storage): \(Self.rounds) rounds, \(machine.acknowledged) acknowledged changes, first seed \(seed + 1)")
        #expect(machine.acknowledged > 0)
    }

    private func disk(_ fileSystem: String) -> String {
        let disk = "/var/tmp/gantry-test-control-\(getpid())"
        let made = Command.run(["sh", "-c", "truncate -s 512M \(disk) && mkfs.\(fileSystem) -q \(disk)"])
        #expect(made.status == 0, "\(made.everything)")
        return disk
    }

    @Test("a container whose layer one cut took, and that was started then, keeps its layer through the next cut")
    func layerMadeAgain() {
        let disk = disk("btrfs"), gantry = "\(Engine.bin)/gantry"
        defer { unlink(disk) }
        let start = CutMachine.daemon("btrfs")
        let first = SecondKernel(
            start + """
                mkdir -p /tmp/tree/bin; cp /bin/busybox /tmp/tree/bin/sh; tar -C /tmp/tree -cf /tmp/tree.tar .
                \(gantry) import /tmp/tree.tar tiny; \(gantry) create --network none --name made tiny sh -c 'exit 3'
                kill -9 $(cat /run/g.pid); rm /mnt/data/storage/btrfs/k/container-*; sync

                """ + start + "\(gantry) start -a made; echo ended with $?; sleep 60", disk: disk, fileSystem: "btrfs")
        #expect(first.waitForOutput("ended with 3", seconds: 60))
        let log = first.cut()
        let second = SecondKernel(start + "\(gantry) start -a made; echo ended with $?", disk: disk, fileSystem: "btrfs").finish(seconds: 60)
        #expect(second.output.contains("ended with 3"), "\(log.everything)\(second.everything)")
    }

    @Test("a cut takes what was not synced, and nothing that was", arguments: ["ext4", "btrfs"])
    func control(_ fileSystem: String) {
        let disk = disk(fileSystem)
        defer { unlink(disk) }
        let written = SecondKernel("echo kept >/mnt/synced; sync /mnt/synced /mnt; echo lost >/mnt/other; echo both written; sleep 60", disk: disk, fileSystem: fileSystem)
        #expect(written.waitForOutput("both written", seconds: 60))
        _ = written.cut()
        let found = SecondKernel("echo \"found: $(cat /mnt/synced /mnt/other 2>/dev/null | tr '\\n' ' ')\"", disk: disk, fileSystem: fileSystem).finish(seconds: 60)
        #expect(found.output.contains("found: kept \r\n"), "\(found.everything)")
    }
}
