import EngineClient
import EngineWire
import FaultHarness
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// How long the fault tests work: short in `make test`, in full in `make torture`.
enum Torture {
    static let isRoot: Bool = {
        if geteuid() != 0 && getenv("GANTRY_TEST_ROOT") != nil { Issue.record("the fault tests need root") }
        return geteuid() == 0
    }()

    /// Nil: the short form.
    static let rounds: Int? = number("GANTRY_TORTURE_ROUNDS")
    static let seed = UInt64(number("GANTRY_TORTURE_SEED") ?? Int.random(in: 1...1_000_000))

    private static func number(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }
}

/// A daemon that faults befall, the journal of what it was asked, and what came of it.
final class Victim {
    let daemon: TestSupport.Engine
    let client: EngineClient.Engine
    private(set) var journal: Journal
    private var kept: KernelObjects?
    private var keptFiles: Set<Substring> = []
    private(set) var acknowledged = 0
    private(set) var violations = 0
    /// Since the journal began.
    private(set) var isBroken = false
    private(set) var brokenRounds = 0
    private let path: String
    /// Of a driver that comes and goes.
    private var versions: String { "\(daemon.root)/versions" }
    var random: SeededGenerator

    init(number: Int, seed: UInt64 = Torture.seed, arguments: [String] = [], launcher: [String] = [], disk: Int? = nil, inodes: Int = 0) throws {
        daemon = TestSupport.Engine(number: number, arguments: arguments, disk: disk, inodes: inodes, launcher: launcher)
        client = EngineClient.Engine(try Endpoint(daemon.socket))
        path = "\(daemon.root)/journal"
        journal = try Journal(path)
        random = SeededGenerator(seed)
        FaultyDriver.build(["1.0", "1.1", "1.2"], in: versions)
    }

    func plan(workers: Int = 4, operations: Int = Int.max) -> Workers.Plan {
        var plan = Workers.Plan(seed: random.next())
        plan.workers = workers
        plan.operations = operations
        plan.abilities.drivers = DriverFile.all(in: versions)
        plan.abilities.storage = [daemon.storage, daemon.storage == "vfs" ? "overlayfs" : "vfs"]
        return plan
    }

    /// Starts the daemon and uses it, so that what is made once does not count as left behind.
    func warmUp(sourceLocation: SourceLocation = #_sourceLocation) throws {
        daemon.start()
        daemon.importBusybox("warm:latest")
        for driver in plan().abilities.storage { daemon.gantry("run", "--rm", "--storage-driver", driver, "-v", "/data", "warm", "true") }
        daemon.gantry("rmi", "warm")
        daemon.gantry("driver", "install", "\(versions)/1.0/libvolume-faulty.so")
        daemon.gantry("driver", "rm", "faulty")
        work(plan(operations: 60), sourceLocation: sourceLocation) {}
        check(sourceLocation: sourceLocation)
        try exhaust(sourceLocation: sourceLocation)
    }

    /// Lets workers work while `fault` happens, and waits for their end.
    func work(_ plan: Workers.Plan, sourceLocation: SourceLocation = #_sourceLocation, while fault: () throws -> Void) rethrows {
        let workers = Workers(client, journal, plan)
        workers.start()
        defer {
            if plan.operations == Int.max { workers.end() }
            let stuck = workers.wait(seconds: 30)
            report(stuck + (stuck.isEmpty ? [] : [daemon.gantry("system", "dump").output]), sourceLocation)
        }
        try fault()
    }

    /// What was acknowledged is there, and nothing half-made.
    /// - Parameter leniently: operations may fail for reasons of the machine's, if they say so.
    func check(leniently: Bool = false, allowing leniency: Verification.Leniency = [], sourceLocation: SourceLocation = #_sourceLocation) {
        report(Verification.run(client, journal.model, leniently ? leniency.union(.faults) : leniency), sourceLocation)
    }

    /// Kills shims of running containers.
    /// - Returns: how many.
    func strike(atMost count: Int) -> Int {
        var killed = 0
        for container in journal.model.running.shuffled(using: &random).prefix(count) {
            guard let pid = try? client.get("/containers/\(container.id)/json")["State"]["Pid"].integer, pid > 0 else { continue }
            let shim = Processes.parent(Int32(pid))
            guard shim > 1 else { continue }
            journal.strike(container.number) { kill(shim, SIGKILL) }
            killed += 1
        }
        return killed
    }

    /// What is not durable goes, as in a power cut; and what is acknowledged now may go as well.
    func doubt() { journal.doubt() }
    /// It has gone.
    func cut() { journal.cut() }

    /// Everything that is there can be used and removed, and then nothing is left. Begins a new journal.
    /// - Parameter withNext: what this daemon could not remove, the next one does.
    func exhaust(withNext: Bool = false, sourceLocation: SourceLocation = #_sourceLocation) throws {
        report(Verification.exhaust(client, journal.model), sourceLocation)
        if withNext, let before = kept?.counts["descriptors of the daemon"] {
            var now = descriptors
            for _ in 0..<100 where now > before + Self.few {
                usleep(50_000)
                now = descriptors
            }
            report(
                now > before + Self.few
                    ? ["the daemon had \(before) descriptors and has \(now): \(opened(files, without: keptFiles)), in place of \(opened(keptFiles, without: files))"] : [],
                sourceLocation)
            daemon.stop()
            daemon.start()
            _ = Verification.exhaust(client, journal.model)
        }
        acknowledged += journal.model.acknowledgedChanges
        unlink(path)
        journal = try Journal(path)
        defer { isBroken = false }
        guard let before = kept else {
            kept = daemon.objects()
            return keptFiles = files
        }
        var growth = self.growth(since: before)
        // The kernel takes namespaces and links down behind our backs.
        for _ in 0..<100 where !growth.isEmpty {
            usleep(50_000)
            growth = self.growth(since: before)
        }
        if !growth.isEmpty { growth += files.subtracting(keptFiles).sorted().prefix(12).map { "file \($0)" } }
        report(growth.map { "something was left behind: \($0)" }, sourceLocation)
    }

    /// What the daemon has open of one list and not of the other.
    private func opened(_ files: Set<Substring>, without others: Set<Substring>) -> [Substring] {
        files.subtracting(others).filter { !$0.hasPrefix(daemon.dataRoot) }.sorted()
    }

    private var descriptors: Int { daemon.objects().counts["descriptors of the daemon"] ?? 0 }

    /// In the data folder, and how often the daemon has what open.
    private var files: Set<Substring> {
        let open = Command.run(["sh", "-c", "readlink /proc/\(daemon.pid)/fd/* | sed 's/\\[.*//' | sort | uniq -c"]).output
        return Set((Command.run(["find", daemon.dataRoot]).output + open).split(separator: "\n"))
    }

    /// Everything that this daemon made goes, also when it could not be checked.
    func discard() {
        _ = Verification.exhaust(client, journal.model)
        daemon.discard()
    }

    /// So many descriptors more are none that leak: connections of containers and clients end behind our backs, or stay for
    /// the next call; libdispatch and event loops make theirs when they first need them, and keep them.
    private static let few = 6

    private func growth(since before: KernelObjects) -> [String] {
        var before = before
        before.counts["descriptors of the daemon", default: 0] += Self.few
        return daemon.objects().growth(since: before)
    }

    private func report(_ sentences: [String], _ sourceLocation: SourceLocation) {
        violations += sentences.count
        guard !sentences.isEmpty else { return }
        if !isBroken { brokenRounds += 1 }
        isBroken = true
        let copy = "/var/tmp/gantry-torture-\(Torture.seed)-\(brokenRounds).journal"
        try? Files.replace(copy, with: (try? Files.read(path)) ?? [])
        try? Files.replace("\(copy).log", with: (try? Files.read("\(daemon.root)/daemon.log")) ?? [])
        Issue.record("seed \(Torture.seed), journal \(copy):\n\(sentences.prefix(20).joined(separator: "\n"))\n\(daemon.log)", sourceLocation: sourceLocation)
    }
}
