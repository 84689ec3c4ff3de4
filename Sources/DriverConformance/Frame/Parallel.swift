import Glibc
import LinuxSystem
import Synchronization

/// Threads that work at the same time.
enum Parallel {
    private final class Round: Sendable {
        let left: Atomic<Int>
        let problems = Mutex<[String]>([])
        init(_ count: Int) { left = Atomic(count) }
    }

    /// Runs `body` on `count` threads and waits for them all.
    /// - Throws: what the first of them threw, in words.
    static func run(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
        let round = Round(count)
        for index in 0..<count {
            let code = OwnThread.start {
                do { try body(index) } catch Outcome.failed(let why) { round.problems.withLock { $0.append(why) } } catch {
                    let (code, text) = Bench.parts(error)
                    round.problems.withLock { $0.append("\(Result.refused): \(text) (\(ErrorNames.name(code)))") }
                }
                round.left.subtract(1, ordering: .sequentiallyConsistent)
            }
            if code != 0 { throw Errno(code, "start a thread") }
        }
        while round.left.load(ordering: .sequentiallyConsistent) > 0 { usleep(500) }
        if let problem = round.problems.withLock({ $0.first }) { throw Outcome.failed(problem) }
    }
}
