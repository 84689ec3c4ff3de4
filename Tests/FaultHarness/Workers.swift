public import EngineClient
import EngineWire
import Glibc
import LinuxSystem
import Synchronization

/// Threads that work on one engine at the same time, until they are told to end or have done enough.
public final class Workers: Sendable {
    public struct Plan: Sendable {
        public var seed: UInt64
        public var workers = 4
        /// Of all workers together.
        public var operations = Int.max
        public var abilities = Mix.Abilities()
        /// A daemon that does not answer ends the work; else the workers wait for the next one.
        public var endsWithDaemon = true

        public init(seed: UInt64) { self.seed = seed }
    }

    private struct State: Sendable {
        var left: Int
        var isEnding = false
        var running = 0
        /// Operations that wait for their answers, and since when.
        var underWay: [Int: String] = [:]
    }

    private let engine: Engine
    private let journal: Journal
    private let plan: Plan
    private let state: Mutex<State>

    public init(_ engine: Engine, _ journal: Journal, _ plan: Plan) {
        self.engine = engine
        self.journal = journal
        self.plan = plan
        state = Mutex(State(left: plan.operations))
    }

    /// Starts the threads and returns.
    public func start() {
        settle()
        for worker in 0..<plan.workers {
            state.withLock { $0.running += 1 }
            let code = OwnThread.start("worker\(worker)") { [self] in
                work(worker)
                state.withLock { $0.running -= 1 }
            }
            if code != 0 { state.withLock { $0.running -= 1 } }
        }
    }

    /// Each worker ends after its operation.
    public func end() { state.withLock { $0.isEnding = true } }

    public var isFinished: Bool { state.withLock { $0.running == 0 } }

    /// Waits until all have ended.
    /// - Returns: the operations that were still without an answer when the time was over, in words.
    public func wait(seconds: Int) -> [String] {
        for moment in 1...seconds * 100 {
            if isFinished { return [] }
            // A process in a paused container has no end.
            if moment % 200 == 0 { unpause() }
            usleep(10_000)
        }
        return state.withLock { $0.underWay.sorted { $0.key < $1.key }.map { "\($0.value) (operation \($0.key)) has had no answer for \(seconds) s" } }
    }

    private func work(_ worker: Int) {
        let performer = Performer(engine: engine)
        var mix = Mix(abilities: plan.abilities, worker: worker, random: SeededGenerator(plan.seed &+ UInt64(worker) &* 0x1234_5678_9abc_def1))
        while mayGoOn() {
            guard let wish = mix.next(journal.model) else {
                usleep(1000)
                continue
            }
            if !step(performer, wish) {
                if plan.endsWithDaemon { return end() }
                waitForDaemon()
            }
        }
    }

    private func mayGoOn() -> Bool {
        state.withLock { state in
            guard !state.isEnding, state.left > 0 else { return false }
            state.left -= 1
            return true
        }
    }

    /// False: the daemon has gone.
    private func step(_ performer: Performer, _ wish: Operation) -> Bool {
        guard let ready = try? performer.prepare(wish) else { return isReachable }
        let (number, model) = journal.begin(ready.operation)
        state.withLock { $0.underWay[number] = "\(wish.verb) \(wish.container > 0 ? "container \(wish.container)" : wish.name)" }
        defer { state.withLock { $0.underWay[number] = nil } }
        do throws(EngineFailure) {
            journal.done(number, try performer.perform(number, ready.operation, archive: ready.archive, model))
            return true
        } catch {
            if case .answer(let status, let message) = error {
                journal.failed(number, status: status, message)
                return true
            }
            journal.lost(number)
            return isReachable
        }
    }

    private var isReachable: Bool { (try? engine.get("/_ping")) != nil || (try? engine.get("/version")) != nil }

    private func waitForDaemon() {
        journal.note("the daemon does not answer")
        while !isReachable {
            if state.withLock({ $0.isEnding }) { return }
            usleep(20_000)
        }
        journal.note("the daemon answers again")
        settle()
    }

    private func unpause() {
        let model = journal.model, performer = Performer(engine: engine)
        for container in model.reachable where model["container/\(container.number)/state"].contains("paused") {
            _ = step(performer, Operation(.unpause, container: container.number))
        }
    }

    /// Finds the containers whose creation was not answered, so that they can be worked on.
    private func settle() {
        let unseen = journal.model.unseen
        guard !unseen.isEmpty, let all = try? engine.get("/containers/json", [("all", "1")]).array else { return }
        for container in all {
            guard let number = Int(container["Labels"][Operation.label].string), unseen.contains(number) else { continue }
            journal.done(number, ["id": container["Id"]])
        }
    }
}
