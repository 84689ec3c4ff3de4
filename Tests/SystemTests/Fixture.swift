import LinuxSystem
import TestSupport
import Testing

/// Drivers of strangers, built from the C sources of the driver host's tests.
enum Fixture {
    private static let root = String(#filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/"))

    /// As `folder/library`.
    static func build(_ source: String, _ library: String, in folder: String, _ flags: [String] = []) throws -> String {
        try Files.makeDirectories(folder, mode: 0o755)
        let path = "\(folder)/\(library)"
        let arguments = ["cc", "-O1", "-fPIC", "-shared", "-I\(root)/Sources/CDriverABI/include"] + flags
        let built = Command.run(arguments + ["\(root)/Tests/DriverHostTests/Fixtures/\(source)", "-o", path])
        #expect(built.status == 0, "\(built.everything)")
        return path
    }

    /// One that crashes, hangs or waits when a volume's name says so.
    static func volumeDriver(in folder: String, _ flags: [String] = []) throws -> String {
        try build("faulty.c", "libvolume-faulty.so", in: folder, flags)
    }
}
