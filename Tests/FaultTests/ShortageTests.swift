import FaultHarness
import Glibc
import TestSupport
import Testing

@Suite("the machine runs out of something", .enabled(if: Torture.isRoot), .serialized)
struct ShortageTests {
    @Test("errors are sentences, nothing acknowledged is lost, and afterwards everything works", arguments: Shortage.all)
    func shortage(_ shortage: Shortage) throws {
        let victim = try Victim(number: 64, disk: shortage.disk?.megabytes, inodes: shortage.disk?.inodes ?? 0)
        defer { victim.discard() }
        try victim.warmUp()
        let rounds = Torture.rounds.map { max(2, $0 / 25) } ?? 1
        var deaths = 0
        for _ in 1...rounds {
            let daemon = victim.daemon.pid
            victim.work(victim.plan()) {
                usleep(UInt32.random(in: 0..<400_000, using: &victim.random))
                if shortage.cuts { victim.doubt() }
                shortage.begin(victim.daemon)
                usleep(UInt32.random(in: 200_000..<600_000, using: &victim.random))
                shortage.end(victim.daemon)
                usleep(100_000)
            }
            if shortage.cuts { victim.cut() }
            if !Processes.isAlive(daemon) {
                deaths += 1
                #expect(shortage.mayKill, "the daemon died: \(victim.daemon.log)")
                victim.daemon.kill(mayHaveEnded: true)
                victim.daemon.start()
            }
            victim.check(leniently: true, allowing: shortage.mayKill ? [.logs, .ends] : .logs)
            if victim.violations > 0 { break }
        }
        try victim.exhaust(withNext: true)
        print("\(shortage): seed \(Torture.seed), \(rounds) rounds, \(deaths) deaths of the daemon, \(victim.acknowledged) acknowledged changes, \(victim.violations) violations")
    }
}
