import ContainerRuntime
import EngineErrors
import EngineModel
import Glibc

/// `--ulimit` names.
enum Limits {
    private static let numbers: [String: Int32] = [
        "cpu": 0, "fsize": 1, "data": 2, "stack": 3, "core": 4, "rss": 5, "nproc": 6, "nofile": 7, "memlock": 8, "as": 9,
        "locks": 10, "sigpending": 11, "msgqueue": 12, "nice": 13, "rtprio": 14, "rttime": 15,
    ]

    static func resource(_ name: String) throws(EngineError) -> Int32 {
        guard let number = numbers[name] else { throw EngineError(.invalidArgument, "invalid ulimit type: \(name)") }
        return number
    }

    static func specification(_ limit: Ulimit) throws(EngineError) -> ResourceLimit {
        ResourceLimit(resource: try resource(limit.name), soft: value(limit.soft), hard: value(limit.hard))
    }

    /// -1: none.
    private static func value(_ number: Int64) -> UInt64 { number < 0 ? UInt64.max : UInt64(number) }
}
