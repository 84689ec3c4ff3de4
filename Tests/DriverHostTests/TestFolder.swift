import Glibc
import LinuxSystem

/// A folder of a test's own; goes with it.
final class TestFolder: Sendable {
    let path: String

    /// - Parameter parent: "/run" has no writable folder above it, "/tmp" has.
    init(in parent: String = "/tmp") throws {
        var template = Array("\(parent)/gantry-drivers-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(errno, "mkdtemp in \(parent)") }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit { try? Files.removeTree(path) }

    func write(_ name: String, _ text: String) throws { try Files.replace("\(path)/\(name)", with: Array(text.utf8)) }

    func text(_ name: String) throws -> String { String(decoding: try Files.read("\(path)/\(name)"), as: UTF8.self) }
}
