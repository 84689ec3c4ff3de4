/// Something that a user does, and the fail points that it comes by. The texts are shell scripts in which `g` is the
/// command line.
struct Operation: CustomStringConvertible {
    var name: String
    /// What has to be there before.
    var prepare = ""
    var run: String
    /// Takes away what `prepare` and `run` made.
    var undo: String
    /// What an interrupted `run` may leave, since it is whole in itself: a line of the lists, in place of another or none.
    var mayLeave: String?, instead = ""
    /// Shows, besides the lists of all things, what `run` changes.
    var show = "true"
    /// Where the daemon is killed. `NAME:2`: when it comes by the second time.
    var points: [String]
    /// Where a call of the kernel's fails, with the errno.
    var failing: [String] = []

    var description: String { name }
}

/// A process that comes by a point, and how it fares there.
struct Visit: CustomStringConvertible {
    var operation: Operation
    var point: String
    /// As `GANTRY_FAIL_POINT` takes it.
    var action: String

    var description: String { "\(operation): \(point)=\(action)" }
    var isKill: Bool { action == "kill" }
    /// Without the number.
    var name: String { String(point.split(separator: ":")[0]) }
}

extension Operation {
    var kills: [Visit] { points.map { Visit(operation: self, point: $0, action: "kill") } }

    /// Each with one errno: both would tell the same.
    var failures: [Visit] {
        failing.enumerated().map { Visit(operation: self, point: $1, action: $0 % 2 == 0 ? "error:ENOSPC" : "error:EIO") }
    }
}
