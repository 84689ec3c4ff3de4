import Glibc
import LinuxSystem
import TestSupport
import Testing

/// `gantry-driver-verify`, run on a file.
enum Verify {
    static let isRoot = geteuid() == 0

    struct Report: CustomStringConvertible {
        var status: Int32
        var text: String
        var description: String { "status \(status)\n\(text)" }

        func names(_ verdict: String) -> [String] {
            text.split(separator: "\n").filter { $0.hasPrefix("\(verdict) ") }.compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) }
        }
        var failed: [String] { names("failed") }
        var passed: [String] { names("passed") }
        var skipped: [String] { names("skipped") }
    }

    static func run(_ file: String, _ arguments: [String] = []) -> Report {
        let result = Command.run(["\(Engine.bin)/gantry-driver-verify", file] + arguments, seconds: 120)
        return Report(status: result.status, text: result.everything)
    }

    static func driver(_ name: String) -> String { "\(Engine.bin)/lib\(name).so" }
}

/// A driver in C, right but for one bug, compiled in a folder of its own.
final class SeededDriver {
    private static let sources = String(#filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/"))
    let path: String
    private let folder: String

    /// - Parameter bug: "STDERR_AS_STDOUT"; empty: none.
    init(_ kind: String, bug: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        var template = Array("/var/tmp/gantry-seeded-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(errno, "mkdtemp") }
        folder = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        path = "\(folder)/lib\(kind)-seeded.so"
        let flags = ["-O1", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-fPIC", "-shared", "-fvisibility=hidden"]
        let result = Command.run(
            ["cc"] + flags + (bug.isEmpty ? [] : ["-DBUG_\(bug)"]) + [
                "-I\(Self.sources)/Sources/CDriverABI/include", "\(Self.sources)/Tests/ConformanceTests/Fixtures/\(kind).c", "-o", path,
            ])
        try #require(result.status == 0, "\(result.everything)", sourceLocation: sourceLocation)
    }

    deinit { try? Files.removeTree(folder) }

    func verify(_ arguments: [String] = []) -> Verify.Report { withExtendedLifetime(self) { Verify.run(path, arguments) } }

    /// The bug is found by the check made for it, and by no other.
    static func expect(_ kind: String, _ bug: String, _ check: String, saying words: String = "", _ arguments: [String] = [], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let report = try SeededDriver(kind, bug: bug, sourceLocation: sourceLocation).verify(arguments)
        #expect(report.failed == [check] && report.status == 1, "\(bug): \(report)", sourceLocation: sourceLocation)
        #expect(report.text.contains(words), "\(bug): \(report)", sourceLocation: sourceLocation)
    }
}
