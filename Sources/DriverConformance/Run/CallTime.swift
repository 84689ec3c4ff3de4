import DriverHost
import DriverKit
import EngineErrors
import Glibc
import LinuxSystem

/// What one call of a log driver costs that has nothing to do: here, and in a process of its own.
enum CallTime {
    /// Prints both, in ns.
    static func print(_ path: String, in folder: String) throws {
        let context = OpenContext(name: "time", stateDirectory: folder)
        let here = try LoadedLogDriver(try Loader.load(path, checksOwnership: false), context)
        let own = try SelfProgram.arguments([])[0], host = own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/gantry-driver-host"
        let outside = try HostedLogDriver(program: host, path: path, checksOwnership: false, context)
        let none = LogBatch(raw: UnsafeBufferPointer(start: nil, count: 0))
        let near = try time(1_000_000) { try here.write(none) }, far = try time(20_000) { try outside.write(none) }
        outside.close()
        here.close()
        let text = Array("\(near) \(far)\n".utf8)
        _ = Glibc.write(STDOUT_FILENO, text, text.count)
    }

    /// ns for one of so many calls.
    private static func time(_ count: Int64, _ body: () throws -> Void) rethrows -> Int64 {
        for _ in 0..<100 { try body() }
        let begin = monotonicTime()
        for _ in 0..<count { try body() }
        return (monotonicTime() - begin) / count
    }
}
