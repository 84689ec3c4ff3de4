import Glibc
import TestSupport
import Testing

/// One operation, first undisturbed and then cut short at its points.
struct Course {
    let place: Workplace
    let operation: Operation
    /// Before and after the operation.
    private let before, after: String
    private var engine: Engine { place.engine }

    /// Does the operation undisturbed.
    init(_ operation: Operation, in place: Workplace) {
        self.operation = operation
        self.place = place
        Self.must(operation.prepare, place, operation)
        before = place.inventory(operation.show)
        Self.must(operation.run, place, operation)
        after = place.inventory(operation.show)
        Self.must(operation.undo, place, operation)
        #expect(before != after, "\(operation) changes something that can be seen")
        engine.kill()
        engine.start()
        place.rememberRest()
    }

    private static func must(_ script: String, _ place: Workplace, _ operation: Operation) {
        if script.isEmpty { return }
        let result = place.run(script)
        if result.status != 0 { place.fail("\(operation): \(script): \(result.everything)") }
    }

    func make(_ visit: Visit) {
        Self.must(operation.prepare, place, operation)
        engine.kill()
        place.clearLog()
        engine.launch(failPoint: "\(visit.point)=\(visit.action)")
        guard engine.answers() else { return place.fail("\(visit): the daemon did not start") }
        let answer = place.run(operation.run)
        if visit.isKill { die(visit, answer) } else { fail(visit, answer) }
        Self.must(operation.undo, place, operation)
        let leaks = place.leaks()
        if !leaks.isEmpty { place.fail("\(visit) left something behind: \(leaks)\n\(place.files())") }
        check("\(visit), undone,")
    }

    /// What the engine's own check finds.
    private func check(_ when: String) {
        let report = place.run("g system check")
        if report.status != 0 { place.fail("\(when) leaves what `system check` finds:\n\(report.everything)") }
    }

    private func die(_ visit: Visit, _ answer: Command) {
        let status = engine.awaitEnd()
        if status != 137 || !engine.log.contains("fail point \(visit.name) reached") { place.fail("\(visit) is never reached: \(status)\n\(answer.everything)") }
        engine.start()
        check("\(visit)")
        let found = place.inventory(operation.show)
        if found != after && !isBefore(found) { place.fail("\(visit) left the operation half done; found:\n\(found)\nbefore:\n\(before)\nafter:\n\(after)") }
        if answer.status == 0 && found != after { place.fail("\(visit) lost what was answered with success; found:\n\(found)\nafter:\n\(after)") }
        if found != after { doAgain(visit) }
    }

    /// The call is refused with a sentence, and the daemon goes on.
    private func fail(_ visit: Visit, _ answer: Command) {
        if !engine.log.contains("fail point \(visit.name) reached") { place.fail("\(visit) is never reached: \(answer.everything)") }
        if answer.status == 0 || !answer.errors.contains("Error response from daemon: ") || !answer.errors.contains("fail point") {
            place.fail("\(visit) is no failure with a sentence: \(answer.everything)")
        }
        check("\(visit)")
        refused("\(visit)")
        // Nor does the next daemon find any of it.
        engine.kill()
        engine.start()
        refused("\(visit), seen by the next daemon,")
        doAgain(visit)
    }

    private func refused(_ when: String) {
        let found = place.inventory(operation.show)
        if !isBefore(found) { place.fail("\(when) left something of what was refused; found:\n\(found)\nbefore:\n\(before)") }
    }

    private func isBefore(_ found: String) -> Bool {
        func plain(_ text: String) -> [String] { text.split(separator: "\n").map { $0 == operation.mayLeave ?? "" ? operation.instead : String($0) }.filter { !$0.isEmpty } }
        return plain(found) == plain(before)
    }

    private func doAgain(_ visit: Visit) {
        var again = place.run(operation.run), found = place.inventory(operation.show)
        // The daemon may be at it by itself.
        for _ in 0..<600 where found != after {
            usleep(50_000)
            if again.status != 0 { again = place.run(operation.run) }
            found = place.inventory(operation.show)
        }
        if found != after { place.fail("\(visit): done again, \(again.everything)found:\n\(found)\nafter:\n\(after)") }
    }
}
