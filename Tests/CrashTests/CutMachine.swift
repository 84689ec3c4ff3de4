import Glibc
import LinuxSystem
import TestSupport
import Testing

/// A second kernel with a disk, whose power is cut while an engine works on it; the journal of what was acknowledged is
/// kept outside. See `gantry-torture`.
final class CutMachine {
    private let fileSystem, storage, disk, journal: String
    private var seed: UInt64
    /// What the last verification said of it.
    private(set) var acknowledged = 0

    init(fileSystem: String, storage: String, seed: UInt64) {
        self.fileSystem = fileSystem
        self.storage = storage
        self.seed = seed
        disk = "/var/tmp/gantry-test-cut-\(getpid())-\(fileSystem)-\(storage)"
        journal = "\(disk).journal"
        let made = Command.run(["sh", "-c", "rm -f \(disk) && truncate -s 2G \(disk) && mkfs.\(fileSystem) -q \(disk) && : >\(journal)"])
        #expect(made.status == 0, "\(made.everything)")
        FaultyDriver.build(["1.0", "1.1", "1.2"], in: versions)
    }

    /// Of a driver that comes and goes.
    private var versions: String { "\(disk).versions" }

    deinit {
        unlink(disk)
        unlink(journal)
        try? Files.removeTree(versions)
    }

    /// Boots, verifies what is there against the journal, works, and is cut off. Mounting replays the file system's own
    /// log; nothing else repairs it.
    func round() throws {
        seed += 1
        let kernel = SecondKernel(verification() + work, disk: disk, fileSystem: fileSystem)
        let isVerified = kernel.waitForOutput("verified 0", seconds: 120) && kernel.waitForOutput("done ", seconds: 60)
        // The rest of the time is the cut's.
        if isVerified { _ = kernel.waitForOutput("the end", milliseconds: Int.random(in: 200...4000)) }
        let result = kernel.cut()
        #expect(isVerified, "\(fileSystem), \(storage), seed \(seed): \(result.everything)")
        try keep(result.output)
    }

    /// Boots once more, verifies, and uses up everything that there is.
    func finish() {
        let result = SecondKernel(verification("--exhaust"), disk: disk, fileSystem: fileSystem).finish(seconds: 180)
        #expect(result.output.contains("verified 0"), "\(fileSystem), \(storage), seed \(seed), at the end: \(result.everything)")
    }

    /// The lines that came out whole.
    private func keep(_ output: String) throws {
        var lines = output.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)
        lines.removeLast()
        let words = lines.filter { line in ["begin ", "done ", "failed ", "lost "].contains { line.hasPrefix($0) } }
        acknowledged += words.count { $0.hasPrefix("done ") }
        let file = try Files.open(journal, O_WRONLY | O_APPEND)
        try Array((words.joined(separator: "\n") + "\ncut\n").utf8).withUnsafeBytes { try Files.writeAll(file.raw, $0) }
    }

    /// A daemon that answers, whose state is on the disk.
    static func daemon(_ storage: String) -> String {
        """
        export GANTRY_HOST=unix:///run/g.sock GANTRY_DRIVER_CHECKS=off
        \(Engine.bin)/gantryd --data-root /mnt/data --exec-root /run/gantry --pidfile /run/g.pid --config-file /dev/null --host $GANTRY_HOST \
          --bridge gtest0 --bip 172.31.0.1/24 --storage-driver \(storage) >/run/log 2>&1 &
        for i in $(seq 100); do \(Engine.bin)/gantry version >/dev/null 2>&1 && break; sleep 0.1; done

        """
    }

    private func verification(_ flags: String = "") -> String {
        Self.daemon(storage) + """
            \(Engine.bin)/gantry-torture verify --host $GANTRY_HOST --journal \(journal) \(flags)
            echo "verified $?"
            tail -5 /run/log

            """
    }

    /// Its packet filter knows no `ip`, which networks with bridges need.
    private var work: String {
        """
        \(Engine.bin)/gantry-torture act --host $GANTRY_HOST --journal - --history \(journal) --seed \(seed) --networks macvlan --storage \(storage) \
          --drivers \(versions) --seconds 60
        echo the end; tail -20 /run/log; sleep 60
        """
    }
}
