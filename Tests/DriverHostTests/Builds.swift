import Glibc
import TestSupport

/// Where the build put the drivers, and C drivers compiled against the header alone.
enum Builds {
    /// Beside the test's own program, without symbolic links.
    static let folder: String = {
        let path = realpath("/proc/self/exe", nil)!
        defer { free(path) }
        return String(String(cString: path).split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/"))
    }()

    /// Root of the source tree.
    static let sources = String(#filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/"))

    static func driver(_ name: String) -> String { "\(folder)/lib\(name).so" }

    struct CompilerFailed: Error, CustomStringConvertible { var description: String }

    @discardableResult
    static func compile(_ source: String, to path: String, _ flags: [String] = []) throws -> String {
        let result = Command.run(
            [
                "cc", "-O1", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-Wno-unused-const-variable", "-Wno-unused-variable",
                "-fPIC", "-shared", "-fvisibility=hidden", "-I\(sources)/Sources/CDriverABI/include",
            ] + flags
                + ["\(sources)/Tests/DriverHostTests/Fixtures/\(source)", "-o", path])
        if result.status != 0 { throw CompilerFailed(description: result.everything) }
        return path
    }
}
