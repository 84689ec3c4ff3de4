import EngineClient
import Glibc

/// `gantry-torture act` and `gantry-torture verify`.
public struct TortureCommand {
    static let usage = """
        usage: gantry-torture act    --host ADDRESS [--journal FILE] [--history FILE] [--seed N] [--operations N] [--seconds N]
                                     [--workers N] [--containers N] [--storage DRIVER,…] [--networks DRIVER]
                                     [--drivers FOLDER] [--wait-for-daemon]
               gantry-torture verify --host ADDRESS --journal FILE [--exhaust]
        act works on an engine at random and writes what it begins and what is answered to the journal ("-": stdout), which
        it goes on from if it is there; verify says what of it is not so, a sentence each, and its status is 1 if there is
        any. --exhaust uses everything that there is, and removes it. --drivers names a folder with versions of a driver that
        is installed, upgraded and removed: FOLDER/VERSION/libvolume-faulty.so.

        """

    private var flags: [String: String] = [:]
    private let verb: String

    /// - Returns: the exit status.
    public static func main(_ arguments: [String]) -> Int32 {
        guard let command = TortureCommand(arguments) else {
            print(usage, terminator: "")
            return 2
        }
        do {
            return try command.verb == "act" ? command.act() : command.verify()
        } catch {
            print("\(error)")
            return 2
        }
    }

    private init?(_ arguments: [String]) {
        guard let verb = arguments.first, ["act", "verify"].contains(verb) else { return nil }
        self.verb = verb
        var rest = arguments.dropFirst()
        while let flag = rest.popFirst() {
            guard flag.hasPrefix("--") else { return nil }
            if ["--wait-for-daemon", "--exhaust"].contains(flag) {
                flags[flag] = ""
            } else {
                guard let value = rest.popFirst() else { return nil }
                flags[flag] = value
            }
        }
        guard flags["--host"] != nil, verb == "act" || flags["--journal"] != nil else { return nil }
    }

    private func number(_ flag: String) -> Int? { flags[flag].flatMap { Int($0) } }

    private func engine() throws -> Engine { Engine(try Endpoint(flags["--host"] ?? "")) }

    private func act() throws -> Int32 {
        var plan = Workers.Plan(seed: UInt64(number("--seed") ?? 1))
        plan.workers = number("--workers") ?? 4
        plan.operations = number("--operations") ?? Int.max
        plan.abilities = Mix.Abilities(
            networks: flags["--networks"] ?? "bridge", storage: flags["--storage"]?.split(separator: ",").map(String.init) ?? ["overlayfs"], containers: number("--containers") ?? 8,
            drivers: flags["--drivers"].map(DriverFile.all) ?? [])
        plan.endsWithDaemon = flags["--wait-for-daemon"] == nil
        let journal = try Journal(flags["--journal"] ?? "-", history: flags["--history"])
        let workers = Workers(try engine(), journal, plan)
        workers.start()
        for _ in 0..<(number("--seconds") ?? Int(Int32.max)) where !workers.isFinished {
            for _ in 0..<100 where !workers.isFinished { usleep(10_000) }
        }
        workers.end()
        let stuck = workers.wait(seconds: 60)
        for sentence in stuck { journal.note(sentence) }
        return stuck.isEmpty ? 0 : 1
    }

    private func verify() throws -> Int32 {
        let model = try Journal.replay(flags["--journal"] ?? ""), engine = try engine()
        var sentences = Verification.run(engine, model)
        if flags["--exhaust"] != nil { sentences += Verification.exhaust(engine, model) }
        for sentence in sentences { print(sentence) }
        print("\(model.acknowledgedChanges) acknowledged changes, \(model.unanswered) without an answer, \(sentences.count) violations")
        return sentences.isEmpty ? 0 : 1
    }
}
