import Glibc
import LinuxSystem
import TestSupport
import Testing

/// The daemon dies, or a call of the kernel's fails, around each step that changes what is kept.
@Suite("fail points", .enabled(if: Workplace.isRoot), .serialized)
struct FailPointTests {
    nonisolated(unsafe) private static var shared: Workplace?

    /// Points are visited in each operation that comes by them; otherwise, in the first one.
    private static let isAll = getenv("GANTRY_FAIL_POINTS").map { String(cString: $0) } == "all"
    nonisolated(unsafe) private static var visited: Set<String> = []

    /// One for all, for as long as nothing goes wrong.
    private static func place() -> Workplace {
        if let shared, !shared.isSpoilt { return shared }
        if shared == nil { atexit { FailPointTests.shared?.engine.discard() } }
        shared?.engine.discard()
        let new = Workplace(number: 85)
        shared = new
        return new
    }

    @Test("an operation that is cut short happened whole or not at all, and can be done again", arguments: Operations.all)
    func operation(_ operation: Operation) {
        var course = Course(operation, in: Self.place())
        for visit in operation.kills + operation.failures where Self.isAll || Self.visited.insert("\(visit.name) \(visit.isKill)").inserted {
            if course.place.isSpoilt { course = Course(operation, in: Self.place()) }
            course.make(visit)
        }
    }
}
