import FaultHarness
import Glibc
import TestSupport
import Testing

@Suite("daemon and shims are killed at any moment", .enabled(if: Torture.isRoot), .serialized)
struct KillTests {
    @Test("what was answered with success is there afterwards, nothing is half-made, and nothing is left behind")
    func daemon() throws {
        let victim = try Victim(number: 60)
        defer { victim.discard() }
        try victim.warmUp()
        let rounds = Torture.rounds ?? 12
        var killedBoots = 0
        for round in 1...rounds {
            let moment = UInt32.random(in: 0..<300_000, using: &victim.random)
            victim.work(victim.plan()) {
                usleep(moment)
                victim.daemon.kill()
            }
            while Int.random(in: 0..<4, using: &victim.random) == 0 {
                victim.daemon.launch()
                usleep(UInt32.random(in: 0..<250_000, using: &victim.random))
                victim.daemon.kill()
                killedBoots += 1
            }
            victim.daemon.start()
            victim.check()
            // What a round broke must not count in the next one.
            if round % 10 == 0 || round == rounds || victim.isBroken { try victim.exhaust() }
        }
        let outcome = "\(victim.acknowledged) acknowledged changes, \(victim.violations) violations in \(victim.brokenRounds) rounds"
        print("daemon killed: seed \(Torture.seed), \(rounds) rounds, \(killedBoots) boots killed, \(outcome)")
    }

    @Test("shims die at any moment, several at once, the daemon with them: nothing acknowledged is lost, nothing is left behind")
    func shims() throws {
        let victim = try Victim(number: 63)
        defer { victim.discard() }
        try victim.warmUp()
        let rounds = (Torture.rounds ?? 30) / 3
        var struck = 0
        for round in 1...rounds {
            victim.work(victim.plan()) {
                for _ in 0..<Int.random(in: 1...4, using: &victim.random) {
                    usleep(UInt32.random(in: 0..<150_000, using: &victim.random))
                    struck += victim.strike(atMost: Int.random(in: 1...3, using: &victim.random))
                }
                if Bool.random(using: &victim.random) { victim.daemon.kill() }
            }
            if victim.daemon.pid == 0 { victim.daemon.start() }
            victim.check(leniently: true)
            // What a round broke must not count in the next one.
            if round % 10 == 0 || round == rounds || victim.isBroken { try victim.exhaust() }
        }
        let outcome = "\(victim.acknowledged) acknowledged changes, \(victim.violations) violations in \(victim.brokenRounds) rounds"
        print("shims killed: seed \(Torture.seed), \(rounds) rounds, \(struck) shims, \(outcome)")
    }
}
